import type { LatchkeyError } from "../../protocol/errors.ts";

/**
 * What every sensor driver of this folder is: an ECMA-419 sensor class (2nd edition, clause 13)
 * whose options hold the I/O constructor, and that has one method more.
 *
 * `sample` is the standard's: synchronous, and `undefined` while there is nothing new. `measure`
 * does all that a reading takes (starts a conversion, waits without holding up the event loop,
 * reads, checks) and is what the sensor application calls. Neither ever gives a number that the
 * part did not measure: a reading is whole or it is a `LatchkeyError` with a `sensor-…` code.
 *
 * A constructor that throws has closed what it had opened.
 */
export interface Sensor<Sample extends object> {
  /** @throws sensor-… */
  sample(): Sample | undefined;
  /** @throws sensor-…; one at a time: a second call while one is under way is `busy` */
  measure(): Promise<Sample>;
  close(): void;
}

/** For parts that report by themselves: motion, positions. */
export interface SensorCallbacks<Sample extends object> {
  readonly onSample?: (sample: Sample) => void;
  readonly onError?: (error: LatchkeyError) => void;
}
