import { RegisterChip } from "./register-chip.ts";

/**
 * How Bosch's pressure sensors speak I²C (BST-BME280-DS002 §6.2, BST-BMP390-DS002 §5.2): a write
 * is pairs of register and value, a read counts upwards from the register that was written last.
 * What a burst reads is of one moment: its beginning.
 */
export abstract class BoschChip extends RegisterChip {
  #pointer = 0;
  /** The register of a pair whose value is still to come. */
  #register: number | undefined;
  #shadow: Uint8Array = new Uint8Array(0);

  protected beginWrite(): void {
    this.#register = undefined;
  }

  protected takeByte(byte: number): boolean {
    if (this.#register === undefined) {
      this.#register = byte;
      this.#pointer = byte;
      return true;
    }
    this.writeRegister(this.#register, byte);
    this.#register = undefined;
    return true;
  }

  protected beginRead(): void {
    this.#shadow = this.snapshot();
  }

  protected giveByte(): number {
    const at = this.#pointer;
    this.#pointer = (at + 1) & 0xff;
    this.wasRead(at);
    return this.#shadow[at] ?? 0;
  }

  /** All 256 registers as they stand. */
  protected abstract snapshot(): Uint8Array;
  protected abstract writeRegister(register: number, value: number): void;
  protected abstract wasRead(register: number): void;
}

/**
 * The converter figure of `bits` bits whose formula comes closest to `wanted`; the formula rises
 * or falls all the way, and is nearly a straight line: each other guess goes by that.
 */
export function invert(formula: (adc: number) => number, wanted: number, bits: number): number {
  let low = 0;
  let high = 2 ** bits - 1;
  let atLow = formula(low) - wanted;
  let atHigh = formula(high) - wanted;
  const rises = atHigh > atLow;
  for (let straight = true; high - low > 1; straight = !straight) {
    const share = straight ? atLow / (atLow - atHigh) : 0.5;
    const guess = Math.round(low + share * (high - low));
    const middle = Math.max(low + 1, Math.min(high - 1, guess));
    const at = formula(middle) - wanted;
    if (at < 0 === rises) {
      low = middle;
      atLow = at;
    } else {
      high = middle;
      atHigh = at;
    }
  }
  return Math.abs(atLow) <= Math.abs(atHigh) ? low : high;
}
