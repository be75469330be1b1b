import { AuditBook } from "./invariants/audit-book.ts";
import type { CryptoWatch } from "./invariants/crypto-watch.ts";
import { DenialWatch } from "./invariants/denial-watch.ts";
import { RelayWatch } from "./invariants/relay-watch.ts";
import { ScreenWatch } from "./invariants/screen-watch.ts";
import { SecretWatch } from "./invariants/secret-watch.ts";
import { type InvariantName, InvariantViolation } from "./invariants/violation.ts";
import type { Watched } from "./invariants/watched.ts";
import { WireWatch } from "./invariants/wire-watch.ts";
import type { WorldStep } from "./world/world.ts";

/** The longest turn of the node's event loop. */
const TURN_MAX_US = 50_000;
/** Of the trace that go with a violation. */
const TRACE_LINES = 30;
/** Console output that is kept to find a secret across two bursts. */
const CONSOLE_KEPT = 200;
/** Sources of the trace that repeat what is on the air and in public, byte by byte. */
const PUBLIC_SOURCES = ["nfc"];

export interface InvariantsOptions {
  /** What somebody types to see it again. */
  readonly command: string;
  readonly secrets: readonly Uint8Array[];
  /** Wraps the node's cryptography; without it fewer secrets are known and no nonce is seen. */
  readonly crypto?: CryptoWatch;
}

/**
 * Looks at a running simulation after every turn and ends it, with an `InvariantViolation`, when
 * something is broken that must never be. It reads: no virtual time, no random number and nothing
 * of the trace is different because of it.
 */
export class Invariants {
  readonly #watched: Watched;
  readonly #command: string;
  readonly #book: AuditBook;
  readonly #relay: RelayWatch;
  readonly #screen: ScreenWatch;
  readonly #secrets: SecretWatch;
  #violation: InvariantViolation | undefined;
  #console = "";
  /** Turns that were looked at. */
  turns = 0;

  constructor(watched: Watched, options: InvariantsOptions) {
    this.#watched = watched;
    this.#command = options.command;
    const report = (name: InvariantName, what: string) => this.report(name, what);
    this.#book = new AuditBook(watched.ownAudit, watched.otherAudit, report);
    this.#relay = new RelayWatch(watched, this.#book, report);
    this.#screen = new ScreenWatch(watched, report);
    this.#secrets = new SecretWatch(report);
    new DenialWatch(watched, report);
    for (const secret of options.secrets) this.#secrets.add(secret, true);
    options.crypto?.watch(this.#secrets, report);
    const { world, board } = watched;
    const wire = new WireWatch(report, (nodeUid) => {
      this.#relay.nodeUid = nodeUid;
    });
    watched.onExchange((exchange) => {
      wire.exchanged(exchange);
      void this.#book.sync(world.nowUs()).catch(() => report("audit-broken", "it cannot be read"));
    });
    world.trace.onEntry(({ source, text }) => {
      if (!PUBLIC_SOURCES.includes(source)) this.#secrets.look(`the trace of ${source}`, text);
    });
    board.serial.onData((bytes) => this.#heard(bytes));
    world.onStep((step) => this.#afterStep(step));
  }

  /** The first one counts; it ends the run when the turn is over. */
  report(name: InvariantName, what: string): void {
    const { world } = this.#watched;
    const at = { atUs: world.nowUs(), seed: world.seed, command: this.#command };
    if (this.#violation !== undefined) return;
    const last = world.trace.entries().slice(-TRACE_LINES);
    const lines = last.map(({ timeUs, source, text }) => `${timeUs} ${source} ${text}`);
    this.#violation = new InvariantViolation(name, what, at, lines);
  }

  /** @throws InvariantViolation if there was one */
  check(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  /** Reads the audit log to its end. @throws InvariantViolation */
  async settle(): Promise<void> {
    await this.#book.sync(this.#watched.world.nowUs());
    this.check();
  }

  #afterStep({ tookUs }: WorldStep): void {
    this.turns++;
    if (tookUs >= TURN_MAX_US) this.report("turn-too-long", `a turn took ${tookUs} µs`);
    this.#relay.afterStep();
    this.#screen.afterStep();
    this.check();
  }

  #heard(bytes: Uint8Array): void {
    const text = this.#console + String.fromCharCode(...bytes);
    this.#secrets.look("the console", text);
    this.#console = text.slice(-CONSOLE_KEPT);
  }
}
