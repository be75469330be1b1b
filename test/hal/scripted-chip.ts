import type { I2C, I2CConstructor, I2COptions } from "../../hal/ecma419.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const ACK = "0000ff00ff00";
export const NACK = "0000ffff0000";

/** One command the script expects, and what the chip does about it. */
export interface ScriptStep {
  /** The exact frame that must be written. */
  readonly write: string;
  /** Frame given as acknowledgement; `""` for none at all. ACK when absent. */
  readonly ack?: string;
  /** Frames that become ready one after the other. */
  readonly replies?: readonly string[];
  /** Time from the ACK to each of the replies. 2 ms when absent. */
  readonly workMs?: number;
}

/**
 * A PN532 that knows only one conversation: it fails the test at the first byte that differs.
 * It keeps the chip's manners: status byte on every read, status reads that use nothing up,
 * the last frame again after a NACK, silence after an abort.
 */
export class ScriptedChip {
  /** `W hex` and `R n hex`, in the order on the bus. */
  readonly log: string[] = [];
  /** Transfers to refuse by address NACK, counted down. */
  refuse = 0;
  /** Reads on which nobody drives the bus, so that every byte is FF; counted down. */
  floating = 0;
  /** Called with each frame read in full; may return other bytes (a damaged copy). */
  garble: ((bytes: Uint8Array, nth: number) => Uint8Array) | undefined;
  readonly io: I2CConstructor;
  options: I2COptions | undefined;
  onReady: (() => void) | undefined;
  readonly #time: VirtualTime;
  readonly #steps: ScriptStep[];
  #queue: { frame: Uint8Array; atMs: number }[] = [];
  #last: Uint8Array | undefined;
  #reads = 0;

  constructor(time: VirtualTime, steps: readonly ScriptStep[]) {
    this.#time = time;
    this.#steps = [...steps];
    const chip = this;
    this.io = class implements I2C {
      constructor(options: I2COptions) {
        chip.options = options;
      }
      read(byteLength: number): ArrayBuffer;
      read(buffer: ArrayBuffer | Uint8Array): ArrayBuffer | number;
      read(what: number | ArrayBuffer | Uint8Array): ArrayBuffer | number {
        if (!(what instanceof Uint8Array)) throw new Error("the script reads into arrays");
        what.set(chip.#read(what.length));
        return what.length;
      }
      write(buffer: ArrayBuffer | Uint8Array): void {
        chip.#write(toHex(buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer)));
      }
      close(): void {}
    };
  }

  /** Steps not used yet. */
  get left(): number {
    return this.#steps.length;
  }

  get waiting(): boolean {
    const next = this.#queue[0];
    return next !== undefined && next.atMs <= this.#time.nowMs;
  }

  get writes(): string[] {
    return this.log.filter((line) => line.startsWith("W ")).map((line) => line.slice(2));
  }

  #write(hex: string): void {
    this.#refuse();
    this.log.push(`W ${hex}`);
    if (hex === NACK) {
      if (this.#last !== undefined) this.#offer(this.#last, 0.5, true);
      return;
    }
    if (hex === ACK) {
      this.#queue = [];
      return;
    }
    const step = this.#steps.shift();
    if (step === undefined) throw new Error(`the script has ended, but ${hex} is written`);
    if (step.write !== hex) throw new ScriptMismatch(step.write, hex);
    this.#queue = [];
    const ack = step.ack ?? ACK;
    if (ack !== "") this.#offer(fromHex(ack), 0.5);
    let atMs = 0.5;
    for (const reply of step.replies ?? []) {
      atMs += step.workMs ?? 2;
      this.#offer(fromHex(reply), atMs);
    }
  }

  #offer(frame: Uint8Array, inMs: number, first = false): void {
    const entry = { frame, atMs: this.#time.nowMs + inMs };
    if (first) this.#queue.unshift(entry);
    else this.#queue.push(entry);
    this.#time.timer.set(() => this.onReady?.(), inMs);
  }

  #read(length: number): Uint8Array {
    this.#refuse();
    const out = new Uint8Array(length);
    if (this.floating-- > 0) return out.fill(0xff);
    const next = this.#queue[0];
    if (next !== undefined && next.atMs <= this.#time.nowMs) {
      out[0] = 1;
      if (length > 1) {
        this.#queue.shift();
        this.#last = next.frame;
        const frame = this.garble?.(next.frame.slice(), this.#reads) ?? next.frame;
        this.#reads++;
        out.set(frame.subarray(0, length - 1), 1);
      }
    }
    this.log.push(`R ${length} ${toHex(out)}`);
    return out;
  }

  #refuse(): void {
    if (this.refuse <= 0) return;
    this.refuse--;
    this.log.push("refused");
    throw new Error("write failed");
  }
}

/** Not an I/O error: the driver swallows those, so the test looks at `mismatch` as well. */
export class ScriptMismatch extends Error {
  constructor(expected: string, found: string) {
    super(`the script wants ${expected}, written was ${found}`);
  }
}
