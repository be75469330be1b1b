import type { Card } from "../nfc/card.ts";
import type { ReaderBoard } from "../reader-board.ts";
import type { World } from "../world/world.ts";

/** A request of the reader that reached its server, and the answer that left the server. */
export interface WatchedExchange {
  readonly path: string;
  readonly request: { readonly body: string };
  readonly response: { readonly status: number; readonly body: string };
}

/** A row of the server's audit log, as far as it is looked at. */
export interface WatchedRow {
  readonly seq: number;
  readonly kind: string;
  /** JSON. */
  readonly data: string;
}

/** Rows of one tenant, ascending, from `after` on. */
export type ReadAudit = (limit: number, after: number) => Promise<readonly WatchedRow[]>;

/** What the invariants look at: the world from outside, never what the firmware believes of it. */
export interface Watched {
  readonly world: World;
  readonly board: ReaderBoard;
  /** How long a decision may take, and how long its result is shown. */
  readonly decisionMs: number;
  readonly resultMs: number;
  onExchange(listener: (exchange: WatchedExchange) => void): void;
  readonly ownAudit: ReadAudit;
  readonly otherAudit: ReadAudit;
  /** Whether that card may open this door at all: who made it knows. */
  rightful(card: Card): boolean;
  /** Whether nothing disturbs the PN532 and its bus; what it says of cards is then true. */
  calm(): boolean;
}
