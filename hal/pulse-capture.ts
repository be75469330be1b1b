export interface PulseCaptureOptions {
  readonly pin: number;
  /** How long `trigger` holds the pin low, µs. */
  readonly startUs: number;
  /** A capture ends with this many durations … */
  readonly durationsMax: number;
  /** … or when the level has not changed for this long, µs. */
  readonly idleUs: number;
  /** Once for each `trigger`: the capture has ended with `count` durations, perhaps none. */
  readonly onReadable: (this: PulseCapture, count: number) => void;
}

/**
 * An input in the manner of ECMA-419 that measures how long a pin keeps each level. The standard
 * has none of this kind (its PulseWidth knows one width at a time), and no JavaScript can time
 * 26 µs: it is native on the device, simulated on the desk.
 *
 * ```
 *          trigger()
 *  ────┐              ┌─────┐      ┌──────┐    ┌───┐    ┌────────────── idleUs ─► onReadable
 *      └── startUs ───┘     └──────┘      └────┘   └────┘
 *                     ├ [0] ┼ [1]  ┼ [2]  ┼ …
 * ```
 * What an implementation owes:
 *
 * - the pin is an input, pulled up, except while `trigger` drives it low: it is never driven high;
 * - durations are whole microseconds, at most 65,535 (longer ones read so), and their levels
 *   alternate. The first is *high* and begins when the pin is let go. What follows the last edge
 *   is not reported: it has no end;
 * - no duration is left out: a glitch that the hardware sees counts as two more;
 * - `idleUs` bounds every capture; a line that stays low after the release is such a level, too,
 *   and gives 0 durations;
 * - the result waits for `read` until the next `trigger`;
 * - what captures does not depend on the program: it may be busy with a signature meanwhile.
 *
 * For a PIO state machine of the RP2350 that is: drive low for `startUs`, turn the pin to an
 * input, then count down in a loop of two cycles (2 MHz) while the level stays, push the count
 * at each change, and move the FIFO to memory by DMA (`durationsMax` words). An alarm that each
 * push renews is the `idleUs`.
 */
export interface PulseCapture {
  /** Sends the start pulse and captures what follows. @throws Error while a capture is under way */
  trigger(): void;
  /** 16-bit durations of the last capture in the machine's byte order, once; else `undefined`. */
  read(): ArrayBuffer | undefined;
  close(): void;
}
export type PulseCaptureConstructor = new (options: PulseCaptureOptions) => PulseCapture;
