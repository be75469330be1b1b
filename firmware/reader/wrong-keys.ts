import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/platform.ts";

/**
 * How long a chip that has other keys than the server is left in peace: after the first time, and
 * doubled with each further one up to the longest. A chip counts each attempt and locks the key at
 * a thousand; whoever tries without a pause makes 178 in a week. The first is short because an
 * emulator can claim to be a good badge and to have other keys.
 */
const REST_FIRST_MS = 10_000;
const REST_LONGEST_MS = 3_600_000;
const BADGES_MAX = 16;

interface Rest {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/**
 * Badges whose chip refused the server's key. They are not asked for a proof again for a while, so
 * that the reader does not run down their count of failed authentications.
 */
export class WrongKeys {
  readonly #clock: Clock;
  readonly #rests = new Map<string, Rest>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(uid: Uint8Array): void {
    const badge = toHex(uid);
    const before = this.#rests.get(badge);
    const lengthMs =
      before === undefined ? REST_FIRST_MS : Math.min(2 * before.lengthMs, REST_LONGEST_MS);
    this.#rests.delete(badge); // and set: Map keeps the order of insertion
    this.#rests.set(badge, { untilMs: this.#clock.monotonicMs() + lengthMs, lengthMs });
    for (const oldest of this.#rests.keys()) {
      if (this.#rests.size <= BADGES_MAX) break;
      this.#rests.delete(oldest);
    }
  }

  /** It has proved itself. */
  forget(uid: Uint8Array): void {
    this.#rests.delete(toHex(uid));
  }

  /** @throws card-key-wrong */
  check(uid: Uint8Array): void {
    const rest = this.#rests.get(toHex(uid));
    if (rest !== undefined && this.#clock.monotonicMs() < rest.untilMs)
      throw new LatchkeyError("card-key-wrong");
  }
}
