/**
 * What the state machine of `pico/pulse-capture.pio` counts, and what it means. It runs at 10 MHz
 * and waits for a change of level in rounds of two cycles.
 */
const CYCLES_PER_US = 10;
const CYCLES_PER_ROUND = 2;
/** From the sample that saw a change to the first sample of the next level. */
const CYCLES_OF_A_CHANGE = 5;
const DURATION_US_MAX = 0xffff;

/** Microseconds in rounds of the state machine. */
export function pulseRounds(us: number): number {
  return (us * CYCLES_PER_US) / CYCLES_PER_ROUND;
}

/**
 * Durations in µs out of the words that were pushed: first what was left of the idle time when the
 * line rose after its release, then what was left of it at each change.
 */
export function pulseDurations(words: Uint32Array, idleRounds: number): Uint16Array<ArrayBuffer> {
  const durations = new Uint16Array(Math.max(0, words.length - 1));
  for (let i = 0; i < durations.length; i++) {
    const from = i === 0 ? words[0]! : idleRounds;
    const cycles = CYCLES_OF_A_CHANGE + CYCLES_PER_ROUND * (from - words[i + 1]!);
    durations[i] = Math.min(DURATION_US_MAX, Math.round(cycles / CYCLES_PER_US));
  }
  return durations;
}
