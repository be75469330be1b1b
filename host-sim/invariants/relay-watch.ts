import { toHex } from "../../protocol/encoding/hex.ts";
import type { RelayEdge } from "../board/relay-recorder.ts";
import type { Card } from "../nfc/card.ts";
import type { AuditBook, Grant } from "./audit-book.ts";
import type { Report } from "./violation.ts";
import type { Watched } from "./watched.ts";

/** Two turns of the longest kind: a timer of the node may be that late. */
const LATE_US = 100_000;
/** A badge is read, and given up, within this. */
const READ_US = 6_000_000;

/**
 * The relay is energised by the program only, once for each grant in the audit log, for as long
 * as that says, and for a badge that is right and was there.
 */
export class RelayWatch {
  readonly #watched: Watched;
  readonly #book: AuditBook;
  readonly #report: Report;
  readonly #lastSeenUs = new Map<Card, number>();
  #present: readonly Card[] = [];
  /** When the window must be over, and the earliest moment of a grant that explains it. */
  #limitUs = Number.POSITIVE_INFINITY;
  #sinceUs = 0;
  /** The reader's name at the server, once it has one. */
  nodeUid: string | undefined;

  constructor(watched: Watched, book: AuditBook, report: Report) {
    this.#watched = watched;
    this.#book = book;
    this.#report = report;
    const { board, world } = watched;
    board.relay.onChange((edge) => this.#edge(edge));
    board.field.onChange((cards) => {
      for (const card of [...this.#present, ...cards]) this.#lastSeenUs.set(card, world.nowUs());
      this.#present = cards;
    });
    for (const { energised } of board.relay.edges)
      if (energised) report("relay-without-program", "energised before power came");
  }

  afterStep(): void {
    const { board, world, decisionMs } = this.#watched;
    if (!board.relay.energised) return;
    if (board.reader === undefined)
      this.#report("relay-without-program", "energised while no program runs");
    if (world.nowUs() <= this.#limitUs) return;
    // A second badge in the window moves its end, and makes no edge.
    const grant = this.#take(this.#sinceUs);
    if (grant !== undefined) {
      this.#limitUs = grant.seenUs + (decisionMs + grant.relayMs) * 1000 + LATE_US;
      return;
    }
    this.#report("relay-outlives-grant", "still energised after its time");
    this.#limitUs = Number.POSITIVE_INFINITY;
  }

  #edge({ energised, timeUs }: RelayEdge): void {
    if (!energised) {
      this.#limitUs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#watched.board.reader === undefined)
      this.#report("relay-without-program", "energised without a running program");
    this.#sinceUs = timeUs - this.#watched.decisionMs * 1000 - LATE_US;
    const grant = this.#take(this.#sinceUs);
    if (grant === undefined) {
      this.#report("relay-needs-grant", "energised, but no grant of this reader was recorded");
      return;
    }
    this.#limitUs = timeUs + grant.relayMs * 1000 + LATE_US;
    if (!this.#wasThere(grant))
      this.#report("relay-needs-grant", `no rightful badge ${grant.badgeUid} was at the reader`);
  }

  /** The newest grant of this reader since then that explains nothing else. */
  #take(sinceUs: number): Grant | undefined {
    const grant = this.#book.grants.findLast(
      ({ used, nodeUid, seenUs }) => !used && nodeUid === this.nodeUid && seenUs >= sinceUs,
    );
    if (grant !== undefined) grant.used = true;
    return grant;
  }

  #wasThere({ badgeUid, seenUs }: Grant): boolean {
    // A visitor answers by telephone: what is left to see is the code on the display.
    if (badgeUid === undefined) return true;
    for (const [card, lastUs] of this.#lastSeenUs) {
      const there = this.#present.includes(card) || lastUs >= seenUs - READ_US - LATE_US;
      if (there && toHex(card.uid) === badgeUid && this.#watched.rightful(card)) return true;
    }
    return false;
  }
}
