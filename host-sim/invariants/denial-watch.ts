import type { ReaderHandle } from "../../firmware/reader/reader.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { Card } from "../nfc/card.ts";
import type { Report } from "./violation.ts";
import type { Watched } from "./watched.ts";

/** What may be said of a badge that went away in the middle of being read. */
const MOVED = ["badge-moved", "several-badges"];

/** A badge that was pulled away is told so: whoever holds it must know what to do. */
export class DenialWatch {
  readonly #watched: Watched;
  readonly #report: Report;
  /** When each card left the last time; `undefined` while it is there. */
  readonly #leftUs = new Map<Card, number | undefined>();
  #crowdUs = Number.NEGATIVE_INFINITY;

  constructor(watched: Watched, report: Report) {
    this.#watched = watched;
    this.#report = report;
    const { board, world } = watched;
    board.field.onChange((cards) => {
      for (const card of this.#leftUs.keys())
        if (!cards.includes(card) && this.#leftUs.get(card) === undefined)
          this.#leftUs.set(card, world.nowUs());
      for (const card of cards) this.#leftUs.set(card, undefined);
      if (cards.length > 1) this.#crowdUs = world.nowUs();
    });
    board.onBoot((reader) => this.#follow(reader, world.nowUs()));
  }

  #follow(reader: ReaderHandle, bootUs: number): void {
    let seen = reader.state.result;
    reader.onState(({ result }) => {
      if (result === seen) return;
      seen = result;
      if (result === undefined || result.granted || result.decided) return;
      if (result.tap.readMs !== undefined || !this.#watched.calm()) return;
      const startUs = bootUs + result.tap.startedMs * 1000;
      if (this.#crowdUs >= startUs - 1_000_000 || MOVED.includes(result.reason)) return;
      if (this.#pulled(result.tap.badge, startUs))
        this.#report("denial-honest", `a badge was pulled away and told ${result.reason}`);
    });
  }

  #pulled(badge: string, startUs: number): boolean {
    for (const [card, leftUs] of this.#leftUs)
      if (leftUs !== undefined && leftUs >= startUs && toHex(card.uid) === badge) return true;
    return false;
  }
}
