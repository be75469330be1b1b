/** Numbers below the highest by this much or more are taken for repeats. */
export const REPLAY_WINDOW_SIZE = 64;

/** What a server keeps of a session. `low` and `high` are 32-bit halves of the seen-mask. */
export interface ReplayState {
  readonly highest: number;
  /** Bit n: `highest - n` was seen. */
  readonly low: number;
  /** Bit n: `highest - 32 - n` was seen. */
  readonly high: number;
}

/** A new session: number 0 was the verify exchange. */
export const FRESH_REPLAY_STATE: ReplayState = Object.freeze({ highest: 0, low: 1, high: 0 });

/**
 * Sliding window over message numbers (as in RFC 4303 §3.4.3), 64 wide: requests over one
 * session may overtake each other on the way. `check` before the envelope is opened, `commit`
 * after it was found genuine, so that a forged number cannot push the window ahead.
 */
export class ReplayWindow {
  #highest: number;
  #low: number;
  #high: number;

  constructor({ highest, low, high }: ReplayState = FRESH_REPLAY_STATE) {
    this.#highest = highest;
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }

  get state(): ReplayState {
    return { highest: this.#highest, low: this.#low, high: this.#high };
  }

  /** Whether the number is new. Changes nothing. */
  check(seq: number): boolean {
    const age = this.#highest - seq;
    if (age < 0) return true;
    if (age >= REPLAY_WINDOW_SIZE) return false;
    return age < 32 ? ((this.#low >>> age) & 1) === 0 : ((this.#high >>> (age - 32)) & 1) === 0;
  }

  /** Notes the number of a genuine message. */
  commit(seq: number): void {
    if (seq > this.#highest) this.#slide(seq - this.#highest);
    const age = this.#highest - seq;
    if (age < 32) this.#low = (this.#low | (1 << age)) >>> 0;
    else if (age < REPLAY_WINDOW_SIZE) this.#high = (this.#high | (1 << (age - 32))) >>> 0;
  }

  /** `check`, and `commit` if it is new: for messages already known to be genuine. */
  accept(seq: number): boolean {
    const fresh = this.check(seq);
    if (fresh) this.commit(seq);
    return fresh;
  }

  #slide(by: number): void {
    this.#highest += by;
    // A shift by 32 or more is taken modulo 32 in JavaScript, hence the steps.
    if (by >= 64) this.#high = 0;
    else if (by >= 32) this.#high = (this.#low << (by - 32)) >>> 0;
    else this.#high = ((this.#high << by) | (by === 0 ? 0 : this.#low >>> (32 - by))) >>> 0;
    this.#low = by >= 32 ? 0 : (this.#low << by) >>> 0;
  }
}
