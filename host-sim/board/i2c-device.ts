/**
 * A chip on the bus, seen byte by byte. The bus calls in the order of the wire:
 *
 * ```
 * startWrite  writeByte writeByte …  stop        startRead  readByte readByte …  stop
 * ```
 * None of these may take time: a chip that needs some schedules an event of the world, and holds
 * the clock meanwhile if that is its nature.
 */
export interface I2CDevice {
  /** 7-bit address. */
  readonly address: number;
  /** Start and address with the write bit; false does not acknowledge. */
  startWrite(): boolean;
  /** False does not acknowledge the byte. */
  writeByte(byte: number): boolean;
  /** Start and address with the read bit; false does not acknowledge. */
  startRead(): boolean;
  /** The next byte, 0 to 255; a chip that has none leaves the wire high: 255. */
  readByte(): number;
  stop(): void;
  /** For how long the chip holds SCL low from now on; `Infinity` until something frees it. */
  stretchUs?(): number;
}
