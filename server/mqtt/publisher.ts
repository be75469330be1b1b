import { toHex } from "../../protocol/encoding/hex.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import type { ServiceContext } from "../context.ts";
import type { ReadingRow } from "../store/readings.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { BrokerLink, MqttMessage } from "./broker-link.ts";
import { type BrokerOptions, checkBrokerOptions } from "./broker-options.ts";
import { discoveryMessage } from "./home-assistant.ts";
import {
  isCurrent,
  isPublished,
  readingMessage,
  stateMessage,
  states,
} from "./reading-messages.ts";
import { STATUS_TOPIC } from "./topics.ts";

/** It is woken by what comes in; this is for another process that writes. */
const POLL_MS = 15_000;
const RETRY_MS = 5000;
/** Discovery is retained and makes an entity each: a node gets no more than this. */
const FIELDS_PER_NODE_MAX = 64;

const NEW = "not yet connected";
const CLOSED = "the connection is closed";

/** What the broker or the network said; nothing of ours is in it. */
function reasonOf(error: unknown): string {
  const { cause = error } = toLatchkeyError(error);
  return cause instanceof Error && cause.message !== "" ? cause.message : String(cause);
}

const status = (payload: "online" | "offline"): MqttMessage => ({
  ...{ topic: STATUS_TOPIC, payload, retain: true },
});

/**
 * Publishes what is stored, in the order of arrival and at least once: the number of the last
 * reading that the broker has acknowledged is in the database, and it goes on behind that after
 * any interruption, of the broker or of this process. A broker that is away holds up nobody.
 */
export class ReadingPublisher {
  readonly #context: ServiceContext;
  readonly #options: BrokerOptions;
  readonly #broker: string;
  readonly #announced = new Map<string, Set<string>>();
  readonly #running: Promise<void>;
  #closing = false;
  /** Ends whatever it waits for. */
  #interrupt: () => void = () => {};
  #link: BrokerLink | undefined;
  #downBecause: string | undefined = NEW;

  /** Begins at once. @throws config-invalid */
  constructor(context: ServiceContext, options: BrokerOptions) {
    this.#context = context;
    this.#options = checkBrokerOptions(options);
    this.#broker = new URL(options.url).host;
    this.#running = this.#run();
  }

  get isUp(): boolean {
    return this.#downBecause === undefined;
  }

  /** Says good-bye and ends; more than once does nothing more. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#interrupt();
    await this.#link?.close(status("offline"));
    await this.#running;
  }

  async #run(): Promise<void> {
    // Not before it is needed: most servers have no broker.
    const { BrokerLink } = await import("./broker-link.ts");
    if (this.#closing) return;
    this.#link = new BrokerLink({
      ...this.#options,
      clientId: `latchkey-${toHex(this.#context.random.bytes(4))}`,
      will: status("offline"),
      onUp: () => this.#up(),
      onDown: (error) => this.#down(error === undefined ? CLOSED : reasonOf(error)),
    });
    while (!this.#closing) {
      await this.#follow().catch((error) => this.#down(reasonOf(error)));
      await this.#pause();
    }
  }

  #up(): void {
    this.#downBecause = undefined;
    // It may be another broker's process by now, which has forgotten what it was told to retain.
    this.#announced.clear();
    this.#context.log.write("info", "broker-connected", { broker: this.#broker });
    // Without waiting: what is stored does not wait for the status.
    this.#link?.publish(status("online")).catch((error) => this.#down(reasonOf(error)));
  }

  /** One line for each reason, not one for each attempt. */
  #down(reason: string): void {
    if (this.#closing || this.#downBecause === reason) return;
    // Closed it is after any error; that is not the better reason.
    if (reason === CLOSED && this.#downBecause !== undefined && this.#downBecause !== NEW) return;
    this.#downBecause = reason;
    const fields = { code: "broker-unavailable", broker: this.#broker, reason } as const;
    this.#context.log.write("warn", "broker-unavailable", fields);
  }

  async #pause(): Promise<void> {
    if (this.#closing) return;
    await new Promise<void>((resolve) => {
      const handle = this.#context.timer.set(resolve, this.#options.retryMs ?? RETRY_MS);
      this.#interrupt = () => {
        this.#context.timer.clear(handle);
        resolve();
      };
    });
  }

  /** A broker that is new to this server hears what comes from now on. */
  async #cursor(): Promise<number> {
    const { records } = this.#context;
    const known = await records.publishedThrough(this.#broker);
    if (known !== undefined) return known;
    const newest = await records.lastReadingId();
    await records.savePublished(this.#broker, newest);
    return newest;
  }

  /** Ids have no gaps of their own: what is missing was removed before its turn came. */
  #tellMissing(count: number): void {
    if (count === 0) return;
    const fields = { code: "readings-lost", broker: this.#broker, count } as const;
    this.#context.log.write("warn", "readings-lost", fields);
  }

  /** What fails is done again from its beginning: a reading may be published twice, never not. */
  async #follow(): Promise<void> {
    this.#announced.clear();
    const { feed, records } = this.#context;
    let through = await this.#cursor();
    if (this.#closing) return;
    const pages = feed.follow({ after: through, pollMs: POLL_MS });
    this.#interrupt = () => void pages.return?.();
    for await (const rows of pages) {
      const last = rows.at(-1);
      if (last === undefined) continue;
      const messages = await this.#messages(rows);
      await Promise.all(messages.map((message) => this.#link!.publish(message)));
      await records.savePublished(this.#broker, last.id);
      this.#tellMissing(last.id - through - rows.length);
      through = last.id;
    }
  }

  async #messages(rows: readonly ReadingRow[]): Promise<readonly MqttMessage[]> {
    const nowAt = unixSeconds(this.#context.clock);
    const messages: MqttMessage[] = [];
    for (const row of rows.filter(isPublished)) {
      messages.push(readingMessage(row));
      if (!isCurrent(row, nowAt)) continue;
      for (const [field, payload] of states(row)) {
        const known = await this.#announce(row, field, messages);
        if (known) messages.push(stateMessage(row, field, payload));
      }
    }
    return messages;
  }

  /** Whether Home Assistant may know the field: one that is new is announced first. */
  async #announce(row: ReadingRow, field: string, messages: MqttMessage[]): Promise<boolean> {
    const { tenantId, nodeUid } = row;
    const fields = this.#announced.get(nodeUid) ?? new Set<string>();
    this.#announced.set(nodeUid, fields);
    if (fields.has(field)) return true;
    if (fields.size >= FIELDS_PER_NODE_MAX) return false;
    const node = await this.#context.records.node(tenantId, nodeUid);
    if (node === undefined) return false;
    fields.add(field);
    messages.push(discoveryMessage(node, field));
    return true;
  }
}
