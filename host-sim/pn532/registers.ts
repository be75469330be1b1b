/** CIU registers that mean something to this model (PN532 data sheet §8.6). */
export const TX_MODE = 0x6302;
export const RX_MODE = 0x6303;
export const TX_CONTROL = 0x6304;
export const COMM_CONTROL = 0x633c;
export const BIT_FRAMING = 0x633d;

const CRC_ENABLE = 0x80;

/** The chip's memory-mapped registers: what was written is read back. */
export class Registers {
  readonly #values = new Map<number, number>();

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#values.clear();
    this.write(TX_MODE, CRC_ENABLE);
    this.write(RX_MODE, CRC_ENABLE);
  }

  read(address: number): number {
    return this.#values.get(address) ?? 0;
  }

  write(address: number, value: number): void {
    this.#values.set(address, value);
  }

  get txCrc(): boolean {
    return (this.read(TX_MODE) & CRC_ENABLE) !== 0;
  }

  get rxCrc(): boolean {
    return (this.read(RX_MODE) & CRC_ENABLE) !== 0;
  }

  /** TxLastBits: how many bits of the last byte go out; 0 is all of them. */
  get txLastBits(): number {
    return this.read(BIT_FRAMING) & 0x07;
  }

  /** RxLastBits of the frame that came last. */
  setRxLastBits(bits: number): void {
    this.write(COMM_CONTROL, (this.read(COMM_CONTROL) & ~0x07) | (bits & 0x07));
  }
}
