import type { Level } from "../board/pins.ts";
import type { OneWireFunctions } from "./one-wire-device.ts";

/** What stands behind the ROM layer of a chip. */
export interface OneWireChip {
  /** The master has selected this chip and sent a function command. */
  command(code: number): void;
  /** Whether it takes part in an alarm search. */
  alarm(): boolean;
}

type Phase =
  | { readonly kind: "idle" }
  | { readonly kind: "listen"; readonly bits: number; readonly then: (bytes: Uint8Array) => void }
  | { readonly kind: "match" | "search" }
  | { readonly kind: "send"; readonly bit: (at: number) => 0 | 1; readonly bits: number };

const IDLE: Phase = Object.freeze({ kind: "idle" });
const ROM_BITS = 64;

/** ROM commands, and the passing of bits for the function behind them (DS18B20 data sheet). */
export class OneWireRomLayer implements OneWireFunctions {
  readonly #rom: Uint8Array;
  readonly #chip: OneWireChip;
  #phase: Phase = IDLE;
  /** Bits of the phase that have passed; in a search three for each of the serial number. */
  #at = 0;
  #received = new Uint8Array(0);

  constructor(rom: Uint8Array, chip: OneWireChip) {
    this.#rom = rom;
    this.#chip = chip;
  }

  reset(): void {
    this.listen(1, ([code]) => this.#romCommand(code!));
  }

  /** Says nothing until the next reset. */
  idle(): void {
    this.#begin(IDLE);
  }

  /** Receives that many bytes. */
  listen(byteLength: number, then: (bytes: Uint8Array) => void): void {
    this.#received = new Uint8Array(byteLength);
    this.#begin({ kind: "listen", bits: byteLength * 8, then });
  }

  /** Sends the bytes, then ones. */
  send(bytes: Uint8Array, then?: () => void): void {
    const bits = bytes.length * 8;
    this.sendBits((at) => {
      if (at === bits - 1) then?.();
      return at < bits ? bitAt(bytes, at) : 1;
    });
  }

  /** Answers every read slot, without end. */
  sendBits(bit: (at: number) => 0 | 1): void {
    this.#begin({ kind: "send", bit, bits: Number.POSITIVE_INFINITY });
  }

  slot(): 0 | 1 | "listen" | "idle" {
    const phase = this.#phase;
    if (phase.kind === "idle") return "idle";
    if (phase.kind === "send") return phase.bit(this.#at++);
    if (phase.kind !== "search") return "listen";
    const step = this.#at % 3;
    if (step === 2) return "listen";
    const bit = bitAt(this.#rom, (this.#at - step) / 3);
    this.#at++;
    return step === 0 ? bit : bit === 1 ? 0 : 1;
  }

  written(bit: Level): void {
    const phase = this.#phase;
    if (phase.kind === "listen") {
      this.#received[this.#at >> 3]! |= bit << (this.#at & 7);
      if (++this.#at === phase.bits) {
        this.#begin(IDLE);
        phase.then(this.#received);
      }
    } else if (phase.kind === "match") {
      this.#compare(bit, this.#at, 1);
    } else if (phase.kind === "search") {
      this.#compare(bit, (this.#at - 2) / 3, 3);
    }
  }

  /** One bit of the master's choice: falls out, goes on, or is the one that was meant. */
  #compare(bit: Level, at: number, bitsEach: number): void {
    if (bit !== bitAt(this.#rom, at)) this.idle();
    else if (++this.#at === ROM_BITS * bitsEach) this.#selected();
  }

  #romCommand(code: number): void {
    if (code === 0x33) {
      this.send(this.#rom, () => this.#selected());
    } else if (code === 0x55) {
      this.#begin({ kind: "match" });
    } else if (code === 0xcc) {
      this.#selected();
    } else if (code === 0xf0 || (code === 0xec && this.#chip.alarm())) {
      this.#begin({ kind: "search" });
    } else {
      this.idle();
    }
  }

  #selected(): void {
    this.listen(1, ([code]) => this.#chip.command(code!));
  }

  #begin(phase: Phase): void {
    this.#phase = phase;
    this.#at = 0;
  }
}

function bitAt(bytes: Uint8Array, at: number): 0 | 1 {
  return ((bytes[at >> 3]! >> (at & 7)) & 1) as 0 | 1;
}
