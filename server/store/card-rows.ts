import type { BadgeMode } from "../../protocol/badge/payload.ts";
import type { BadgeProfile } from "../../protocol/badge/sealed-link.ts";
import type { AuditEntry, NewBadge } from "./records.ts";

/** Whether the badge's file can be written: by key 0; after a change of settings; never again. */
export type CardLock = "open" | "locked" | "for-good";

/** Commands that change a card. */
export type CardCommand = "new" | "lock" | "rekey" | "wipe";

/** Work on a card that was begun and not ended. No key is in it: all come from the tenant's. */
export interface CardJob {
  readonly command: CardCommand;
  /** Set of keys that the card is to have; 0 is the factory's. */
  readonly target: number;
  readonly targetLock: CardLock;
  /**
   * Further sets that may be on the card: those of a `new` that was begun with another profile,
   * or that a wipe takes back.
   */
  readonly begun?: readonly number[];
  /** For `new`. */
  readonly mode?: BadgeMode;
  /** For `new`; `open` when absent. */
  readonly profile?: BadgeProfile;
  readonly nodeUid?: string;
  readonly holder?: string;
  readonly label?: string;
  /** Public key of the payload that is on the card, or about to be; 64 hexadecimal digits. */
  readonly badgePk?: string;
}

/** One chip in one tenant. */
export interface CardRow {
  readonly tenantId: string;
  /** 14 hexadecimal digits. */
  readonly badgeUid: string;
  /** Rises with every change; 0 before the first. */
  readonly revision: number;
  /** Set of keys on the card before the job; 0 is the factory's. */
  readonly generation: number;
  /** The highest that was ever begun: no set of keys is used twice. */
  readonly generationMax: number;
  readonly lock: CardLock;
  /** The job has sent, or is about to send, a command that changes the card. */
  readonly writing: boolean;
  readonly job: CardJob | undefined;
}

/** What happens to the badge in the transaction that changes its card. */
export type BadgeChange =
  | { readonly kind: "register"; readonly badge: NewBadge; readonly readCounter: number }
  | { readonly kind: "remove" }
  /** Its counter began anew, under new keys. */
  | { readonly kind: "recount"; readonly readCounter: number };

export interface CardChange {
  /** As it is to be, with the revision that it was read with. */
  readonly card: CardRow;
  readonly badge?: BadgeChange;
  readonly entry?: AuditEntry;
}
