export interface OneWirePortOptions {
  readonly pin: number;
}

/** Slots that one `write` may play: what the FIFOs of a state machine hold. */
export const ONE_WIRE_SLOTS_MAX = 96;

/**
 * An open-drain pin in the manner of ECMA-419 that plays the pulses of a 1-Wire bus. The standard
 * has none of this kind, and no JavaScript can time 15 µs: it is native on the device, simulated
 * on the desk.
 *
 * ```
 *  reset()                                      write([0, 1])
 *  ──┐            ┌──┐ presence ┌─────────      ──┐        ┌──┐ ┌────────── 1, or a question
 *    └── 500 µs ──┘  └──────────┘                 └─ 65 µs ┘  └─┘  a device's 0 would hold it
 *                  ↑12   ↑70           ↑492           ↑14  ↑75  6  ↑14         ↑75
 * ```
 * What an implementation owes:
 *
 * - the pin is never driven high: the bus has a resistor for that;
 * - the times are those above, each within the limits of the DS18B20 data sheet ("AC Electrical
 *   Characteristics"), whatever the program is busy with meanwhile;
 * - a line that is low at the end of a slot ends the write there;
 * - `reset` and `write` break off what is still played, with the line let go;
 * - everything ends by itself, whoever holds the line: a reset after 1 ms, a slot after 77 µs.
 */
export interface OneWirePort {
  reset(): void;
  /** One slot for each bit: 0 writes a zero, 1 writes a one or reads. @throws RangeError */
  write(bits: Uint8Array): void;
  /**
   * The levels of the line, once, when all was played; `undefined` before. After `write`, what each
   * slot carried; none when the line was low at the end of one. After `reset`, three: before a
   * device may answer, while every device that is there answers, and when all have let go.
   */
  read(): Uint8Array | undefined;
  close(): void;
}
export type OneWirePortConstructor = new (options: OneWirePortOptions) => OneWirePort;
