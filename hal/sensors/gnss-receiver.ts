import { LatchkeyError } from "../../protocol/errors.ts";
import { Deadline, type Timing } from "../timing.ts";
import { type Fix, FixBuilder, type NoFix } from "./nmea/fix-builder.ts";
import { type ReceiverFrame, ReceiverStream } from "./nmea/receiver-stream.ts";
import { parseSentence, type Sentence } from "./nmea/sentence.ts";
import type { SensorCallbacks } from "./sensor.ts";
import { type SensorSerial, SerialPort } from "./serial-port.ts";
import type { UbxMessage } from "./ubx.ts";

/** What is common to all receivers of positions. */
export interface GnssOptions extends Timing, Pick<SensorCallbacks<Fix>, "onSample"> {
  /** 9600 baud unless told. */
  readonly sensor: SensorSerial;
  /** How often the receiver is to measure, in ms; 1000 unless told, which all do by themselves. */
  readonly periodMs?: number;
  /** An older position is none; 5 periods unless told. */
  readonly maxAgeMs?: number;
  /** So long without a byte, or a good sentence, is a fault; 3 s or 3 periods unless told. */
  readonly silenceMs?: number;
  /** Unix seconds that are surely past; an earlier date is not believed. */
  readonly notBefore?: number;
}

/** 2026-01-01: this was written later. */
const NOT_BEFORE = 1_767_225_600;
/** Fewer bytes than this do not show that the baud rate is wrong. */
const GARBAGE_BYTES_MIN = 16;

/** What a receiver says, other than positions. */
export type ReceiverAnswer = Sentence | UbxMessage;

/**
 * A receiver at a serial port: sentences in, the last position out, and a finding when there is
 * none. The drivers add how their part is configured.
 */
export class GnssReceiver {
  readonly #periodMs: number;
  readonly #timing: Timing;
  readonly #maxAgeMs: number;
  readonly #silenceMs: number;
  readonly #port: SerialPort;
  readonly #stream = new ReceiverStream((frame) => this.#take(frame));
  readonly #builder: FixBuilder;
  readonly #openedMs: number;
  #lastByteMs: number | undefined;
  #lastGoodMs: number | undefined;
  #bytesSinceGood = 0;
  #fix: { readonly fix: Fix; readonly atMs: number } | undefined;
  #noFix: { readonly noFix: NoFix; readonly atMs: number } | undefined;
  #closed = false;
  #onAnswer: ((answer: ReceiverAnswer) => void) | undefined;
  #endAsk: (() => void) | undefined;
  #onTurn: (() => void) | undefined;
  /** Types of the sentences that came since the last {@link clearTypes}. */
  readonly types: string[] = [];

  constructor(options: GnssOptions) {
    const { sensor, clock, timer, periodMs = 1000, onSample } = options;
    const { maxAgeMs = 5 * periodMs, silenceMs = Math.max(3000, 3 * periodMs) } = options;
    this.#periodMs = periodMs;
    this.#timing = { clock, timer };
    this.#maxAgeMs = maxAgeMs;
    this.#silenceMs = silenceMs;
    this.#openedMs = clock.monotonicMs();
    this.#builder = new FixBuilder({
      notBefore: options.notBefore ?? NOT_BEFORE,
      onFix: (fix) => {
        this.#fix = { fix, atMs: this.#nowMs };
        onSample?.(fix);
        this.#turn();
      },
      onNoFix: (noFix) => {
        this.#noFix = { noFix, atMs: this.#nowMs };
        this.#turn();
      },
    });
    this.#port = new SerialPort(sensor, this.#timing, (bytes) => this.#receive(bytes));
  }

  /** Whether the receiver has said something good. */
  get understood(): boolean {
    return this.#lastGoodMs !== undefined;
  }

  /** The last position while it is fresh; `undefined` while it is too early to say more. */
  sample(): Fix | undefined {
    this.#assertOpen();
    const now = this.#nowMs;
    if (this.#fix !== undefined && now - this.#fix.atMs <= this.#maxAgeMs) return this.#fix.fix;
    const finding = this.#finding(now);
    if (finding !== undefined) throw finding;
    return undefined;
  }

  /** The next position that arrives, or why there is none. */
  async measure(): Promise<Fix> {
    if (this.#onTurn !== undefined) throw new LatchkeyError("busy");
    // Every moment brings a position or says that there is none: two are enough.
    const deadline = new Deadline(this.#timing.clock, 2 * this.#periodMs + this.#silenceMs);
    const startMs = this.#nowMs;
    while (!this.#closed && !deadline.passed) {
      await this.#nextTurn(deadline.leftMs);
      if (this.#fix !== undefined && this.#fix.atMs >= startMs) return this.#fix.fix;
      if (this.#noFix !== undefined && this.#noFix.atMs >= startMs) break;
    }
    this.#assertOpen();
    throw this.#finding(this.#nowMs) ?? new LatchkeyError("sensor-timeout");
  }

  /**
   * Sends, and gives the first answer of which `pick` makes something; `undefined`: none came.
   * @throws serial-lost, cancelled
   */
  async ask<T>(
    bytes: Uint8Array,
    pick: (answer: ReceiverAnswer) => T | undefined,
    limitMs: number,
  ): Promise<T | undefined> {
    this.#assertOpen();
    let found: T | undefined;
    this.#onAnswer = (answer) => {
      found ??= pick(answer);
      if (found !== undefined) this.#endAsk?.();
    };
    try {
      await this.#port.write(bytes);
      if (found === undefined) await this.#waitForAnswer(limitMs);
      this.#assertOpen();
      // What came while the program computed is waiting at the port still.
      this.#port.poll();
      return found;
    } finally {
      this.#onAnswer = undefined;
    }
  }

  clearTypes(): void {
    this.types.length = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
    this.#endAsk?.();
    this.#turn();
  }

  #receive(bytes: Uint8Array): void {
    this.#lastByteMs = this.#nowMs;
    this.#bytesSinceGood += bytes.length;
    this.#stream.push(bytes);
  }

  #take(frame: ReceiverFrame): void {
    if (frame.kind === "damaged") return;
    this.#lastGoodMs = this.#nowMs;
    this.#bytesSinceGood = 0;
    if (frame.kind === "ubx") {
      this.#onAnswer?.(frame);
      return;
    }
    const sentence = parseSentence(frame.text);
    if (sentence === undefined) return;
    if (sentence.talker === "") {
      this.#onAnswer?.(sentence);
      return;
    }
    if (!this.types.includes(sentence.type) && this.types.length < 16) {
      this.types.push(sentence.type);
    }
    this.#builder.push(sentence);
  }

  /** Why there is no position. */
  #finding(now: number): LatchkeyError | undefined {
    const heardMs = this.#lastByteMs;
    const silentMs = now - (heardMs ?? this.#openedMs);
    if (silentMs >= this.#silenceMs) {
      const detail = { silentMs: Math.round(silentMs) };
      return new LatchkeyError(heardMs === undefined ? "sensor-absent" : "sensor-timeout", {
        message:
          heardMs === undefined
            ? "The receiver has sent nothing since it was opened: check its power and its TX wire."
            : "The receiver has gone silent.",
        detail,
      });
    }
    const goodMs = this.#lastGoodMs;
    const withoutMs = now - (goodMs ?? this.#openedMs);
    if (withoutMs >= this.#silenceMs && this.#bytesSinceGood >= GARBAGE_BYTES_MIN) {
      const { baud } = this.#port;
      const { noiseBytes } = this.#stream;
      const detail = { baud, bytes: this.#bytesSinceGood, noiseBytes };
      // It was understood before: then the speed is right, and the line is not.
      if (goodMs !== undefined) return new LatchkeyError("sensor-checksum", { detail });
      return new LatchkeyError("sensor-baud-rate", {
        message: `Bytes come, but no sentence at ${baud} baud: is the receiver set to another?`,
        detail,
      });
    }
    return this.#noPosition(now);
  }

  #noPosition(now: number): LatchkeyError | undefined {
    const said = this.#noFix;
    if (said !== undefined && now - said.atMs <= this.#maxAgeMs) {
      const { quality, satellites, contradiction } = said.noFix;
      if (contradiction) {
        return new LatchkeyError("sensor-checksum", {
          message: "GGA and RMC of one moment give different places: one of them is damaged.",
        });
      }
      return new LatchkeyError("sensor-no-fix", { detail: { quality, satellites } });
    }
    if (now - this.#openedMs < this.#silenceMs) return undefined;
    if (this.#fix !== undefined || said !== undefined) {
      return new LatchkeyError("sensor-no-fix", {
        message: "The last position is too old.",
        detail: { maxAgeMs: this.#maxAgeMs },
      });
    }
    return new LatchkeyError("sensor-no-fix", {
      message: "The receiver speaks, but sends no GGA and RMC of one moment.",
      detail: { types: this.types.join(" ") },
    });
  }

  #waitForAnswer(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#endAsk = undefined;
        this.#timing.timer.clear(handle);
        resolve();
      };
      const handle = this.#timing.timer.set(end, limitMs);
      this.#endAsk = end;
    });
  }

  #assertOpen(): void {
    if (this.#closed) throw new LatchkeyError("cancelled");
  }

  #nextTurn(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const handle = this.#timing.timer.set(
        () => {
          if (!this.#closed) this.#port.poll();
          this.#turn();
        },
        Math.max(1, limitMs),
      );
      this.#onTurn = () => {
        this.#timing.timer.clear(handle);
        resolve();
      };
    });
  }

  #turn(): void {
    const onTurn = this.#onTurn;
    this.#onTurn = undefined;
    onTurn?.();
  }

  get #nowMs(): number {
    return this.#timing.clock.monotonicMs();
  }
}
