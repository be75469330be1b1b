import type { BadgeMode } from "../../protocol/badge/payload.ts";
import type { BadgeProfile } from "../../protocol/badge/sealed-link.ts";
import type { CardCommand, CardLock } from "../store/card-rows.ts";

/** What is to be done with the card on the reader. */
export interface CardOrder {
  readonly tenantId: string;
  readonly command: CardCommand | "inspect";
  /** As in anticollision: 4, 7 or 10 bytes. Anything but 7 is refused. */
  readonly badgeUid: Uint8Array;
  /** For `new`. */
  readonly mode?: BadgeMode;
  /** For `new`; `open` when absent. */
  readonly profile?: BadgeProfile;
  /** For `new` in mode HS: the one reader. */
  readonly nodeUid?: string;
  /** For `new`. */
  readonly holder?: string;
  /** For `new`. */
  readonly label?: string;
  /** The operator; absent for what is done on the machine itself. */
  readonly by?: string;
  /** For `lock`: nobody can ever undo it, the server included. */
  readonly forGood?: boolean;
}

/** How it ended. */
export interface CardResult {
  readonly badgeUid: Uint8Array;
  /** `enrolled`: a working badge of this tenant; `blank`: as it left the factory. */
  readonly state: "enrolled" | "blank" | "unfinished" | "foreign";
  /** False when the card was already as asked for. */
  readonly changed: boolean;
  readonly mode?: BadgeMode;
  readonly profile?: BadgeProfile;
  readonly holder?: string;
  readonly lock?: CardLock;
  /** Which set of keys; absent on a blank card. */
  readonly keyGeneration?: number;
  /** SDMReadCtr of the read that proved the card. */
  readonly readCounter?: number;
  /** For `inspect`: what was found, for people. */
  readonly findings?: readonly (readonly [what: string, value: string])[];
}
