import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import type { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { Clock, Log, Random, Timer, TimerHandle } from "../../protocol/platform.ts";
import { parseSensorDataAnswer, writeSensorData } from "../../protocol/telemetry/sensor-data.ts";
import { momentAt } from "../reader/moment.ts";
import { retryDelayMs } from "../reader/steps.ts";
import type { ReadingBatch, ReadingLog } from "./reading-log.ts";
import type { UploadPolicy } from "./sensor-config.ts";

export interface UploaderOptions {
  readonly readings: ReadingLog;
  readonly identity: Pick<IdentityNode, "postEncrypted" | "state">;
  readonly nodeType: string;
  readonly tenantId: string;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Log;
  readonly policy: UploadPolicy;
  /** Of one request; what seals more than about 4 kB holds up the event loop. */
  readonly bytesMax: number;
  /** Whether the node is connected, and has no better use for its network. */
  readonly mayUpload: () => boolean;
  /** An attempt failed; the connection may have to be repaired. */
  readonly onFailure?: (code: ErrorCode) => void;
}

/** `network-down` and the like pass; a server that was away for days is asked all the same. */
const BACK_OFF = Object.freeze({ retryBaseMs: 4_000, retryMaxMs: 300_000 });

/**
 * Brings readings from flash to the server, in order, until the server says that it has them.
 * A request that may or may not have arrived is sent again: the server knows what it has by the
 * readings' numbers.
 */
export class Uploader {
  readonly #options: UploaderOptions;
  #wake: { readonly atMs: number; readonly handle: TimerHandle } | undefined;
  #sending = false;
  /** It was due while it was not allowed: what a node has from before its boot counts as due. */
  #missed = true;
  /** Readings since the last attempt that succeeded. */
  #noted = 0;
  #stopped = false;
  #failures = 0;
  #notBeforeMs = 0;
  /** Since boot. */
  sent = 0;
  refused = 0;
  lastError: ErrorCode | undefined;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** There is a reading more; it is sent within this time, or with the next batch. */
  noted(withinMs = this.#options.policy.everyMs): void {
    this.#noted++;
    const full = this.#noted >= this.#options.policy.readings;
    this.#schedule(full ? 0 : withinMs);
  }

  /** What kept it from uploading may be over: if something was due meanwhile, it is sent now. */
  resume(): void {
    if (this.#missed) this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#unschedule();
  }

  #schedule(delayMs: number): void {
    if (this.#stopped || this.#sending) return;
    const nowMs = this.#options.clock.monotonicMs();
    const atMs = Math.max(nowMs + delayMs, this.#notBeforeMs);
    if (this.#wake !== undefined && this.#wake.atMs <= atMs) return;
    this.#unschedule();
    const run = () => {
      this.#wake = undefined;
      void this.#upload();
    };
    this.#wake = { atMs, handle: this.#options.timer.set(run, atMs - nowMs) };
  }

  #unschedule(): void {
    if (this.#wake !== undefined) this.#options.timer.clear(this.#wake.handle);
    this.#wake = undefined;
  }

  /** One batch; the next one in a turn of its own, until none is left. */
  async #upload(): Promise<void> {
    const { readings, bytesMax, mayUpload } = this.#options;
    if (this.#sending || this.#stopped) return;
    this.#missed = !mayUpload();
    if (this.#missed) return;
    this.#sending = true;
    let more = true;
    try {
      const batch = readings.next(bytesMax);
      more = batch.readings.length > 0;
      this.#noted = 0;
      if (more) await this.#send(batch);
      this.#failures = 0;
      this.#notBeforeMs = 0;
      this.lastError = undefined;
    } catch (error) {
      this.#failed(toLatchkeyError(error));
    } finally {
      this.#sending = false;
    }
    if (more || this.#noted > 0) this.#schedule(0);
  }

  async #send(batch: ReadingBatch): Promise<void> {
    const { readings, identity, nodeType, tenantId, log } = this.#options;
    const { nodeUid } = identity.state;
    if (nodeUid === undefined) throw new LatchkeyError("node-unknown");
    const { logId } = readings;
    const data = { nodeUid, tenantId, nodeType, logId, readings: batch.readings };
    const answer = parseSensorDataAnswer(
      new JsonReader(await identity.postEncrypted(writeSensorData(data))),
    );
    if (this.#stopped) return;
    for (const { seq, code } of answer.refused)
      log.write("warn", "reading-refused", { number: seq, code });
    this.refused += answer.refused.length;
    this.sent += batch.readings.length;
    readings.done(batch);
  }

  #failed({ code }: LatchkeyError): void {
    const { random, clock, log, onFailure } = this.#options;
    this.#failures++;
    const nowMs = clock.monotonicMs();
    const chance = momentAt(nowMs, random).random;
    this.#notBeforeMs = nowMs + retryDelayMs(BACK_OFF, this.#failures, chance);
    if (code !== this.lastError) log.write("warn", "upload-failed", { code });
    this.lastError = code;
    onFailure?.(code);
  }
}
