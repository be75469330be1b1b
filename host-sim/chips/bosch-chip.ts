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
