/**
 * Health tests of a noise source that gives one bit at a time (NIST SP 800-90B §4.4): the twin of
 * `random-health.h`, which runs in the image. A test compiles that one on the host and compares.
 *
 * The cut-offs hold for a source of at least 0.3 bits of entropy a sample and fail a good one
 * once in 2^30 samples: repetition count 1 + ⌈30 / 0.3⌉; adaptive proportion 1 + the critical
 * value of the binomial distribution for 1024 samples of probability 2^-0.3.
 */
export const REPETITION_MAX = 101;
export const WINDOW = 1024;
export const PROPORTION_MAX = 904;

export class RandomHealth {
  #run = 0;
  #last = 0;
  #seen = 0;
  #first = 0;
  #same = 0;
  #failed = false;

  get failed(): boolean {
    return this.#failed;
  }

  /** Takes one bit; `false` from the first failure on. */
  take(bit: number): boolean {
    this.#run = this.#run > 0 && bit === this.#last ? this.#run + 1 : 1;
    this.#last = bit;
    if (this.#run >= REPETITION_MAX) this.#failed = true;

    if (this.#seen === 0) {
      this.#first = bit;
      this.#same = 0;
    }
    if (bit === this.#first) this.#same++;
    if (this.#same >= PROPORTION_MAX) this.#failed = true;
    this.#seen = (this.#seen + 1) % WINDOW;
    return !this.#failed;
  }
}
