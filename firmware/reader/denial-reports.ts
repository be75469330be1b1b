import {
  BOOT_ID_BYTES,
  type DenialReport,
  type LocalDenial,
} from "../../protocol/badge/denial-report.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import type { Random } from "../../protocol/platform.ts";
import type { TapResult } from "./machine.ts";

/** Denials kept for the server; a reader that was cut off for hours tells of these. */
export const KEPT_MAX = 32;
/** Sent at a time: under 1 kB, so that sealing it is short work between two taps. */
export const SENT_MAX = 8;

/** What somebody who reads the log after a break-in must not miss because of a wallet's cards. */
const TELLING: readonly string[] = Object.freeze([
  "badge-payload-invalid",
  "mode-mismatch",
  "decision-mismatch",
  "decision-late",
  "envelope-invalid",
]);

interface Kept {
  readonly number: number;
  readonly badge: string;
  readonly reason: string;
  readonly atMs: number;
}

/**
 * What the reader refused by itself and the server has not confirmed. Bounded: when it is full,
 * the oldest of the less telling goes. The last one is never dropped, so that the gap in the
 * numbers always shows. Not kept over a restart.
 */
export class DenialReports {
  readonly #random: Random;
  #kept: Kept[] = [];
  #boot: Uint8Array | undefined;
  #lastNumber = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#kept.length;
  }

  add({ tap, reason, endedMs }: TapResult): void {
    this.#lastNumber++;
    if (this.#kept.length >= KEPT_MAX) {
      const spare = this.#kept.findIndex((kept) => !TELLING.includes(kept.reason));
      this.#kept.splice(Math.max(0, spare), 1);
    }
    this.#kept.push({ number: this.#lastNumber, badge: tap.badge, reason, atMs: endedMs });
  }

  /**
   * The oldest that wait, or `undefined`. The boot's name is drawn when it is first needed, long
   * after the random source was tested for the node's key.
   * @throws random-unhealthy
   */
  report(nowMs: number): DenialReport | undefined {
    if (this.#kept.length === 0) return undefined;
    this.#boot ??= this.#random.bytes(BOOT_ID_BYTES);
    const denials = this.#kept.slice(0, SENT_MAX).map(
      ({ number, badge, reason, atMs }): LocalDenial => ({
        number,
        ...(badge === "" ? {} : { badgeUid: fromHex(badge) }),
        reason,
        ageMs: Math.max(0, Math.round(nowMs - atMs)),
      }),
    );
    return { boot: this.#boot, denials };
  }

  /** The server has all up to this number. */
  recorded(number: number): void {
    this.#kept = this.#kept.filter((kept) => kept.number > number);
  }
}
