import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/platform.ts";

/**
 * How long a chip that has other keys than the server is left in peace. It counts each attempt
 * and locks the key at a thousand: at this pace a badge left on the door lasts a week.
 */
const REST_MS = 600_000;
const BADGES_MAX = 16;

/**
 * Badges whose chip refused the server's key. They are not asked for a proof again for a while, so
 * that the reader does not run down their count of failed authentications.
 */
export class WrongKeys {
  readonly #clock: Clock;
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(uid: Uint8Array): void {
    const badge = toHex(uid);
    this.#untilMs.delete(badge);
    this.#untilMs.set(badge, this.#clock.monotonicMs() + REST_MS);
    for (const oldest of this.#untilMs.keys()) {
      if (this.#untilMs.size <= BADGES_MAX) break;
      this.#untilMs.delete(oldest);
    }
  }

  /** @throws card-key-wrong */
  check(uid: Uint8Array): void {
    const untilMs = this.#untilMs.get(toHex(uid));
    if (untilMs !== undefined && this.#clock.monotonicMs() < untilMs)
      throw new LatchkeyError("card-key-wrong");
  }
}
