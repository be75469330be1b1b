import { CardSession } from "../../hal/pn532/iso-dep.ts";
import type { PN532 } from "../../hal/pn532/pn532.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";

/** One card, held to whatever reads it. */
export interface CardChannel {
  /** As in anticollision. */
  readonly uid: Uint8Array;
  /** Rejects when the card is gone. */
  readonly transceive: Transceive;
  close(): Promise<void>;
}

/** How often the reader looks for a card before it gives up; a look takes some 50 ms. */
const LOOKS_MAX = 400;

/**
 * The card at a PN532, as soon as there is one. Closing the channel closes the PN532.
 * @throws card-timeout (none came), several-badges, card-unsupported (a Type 2 tag, for one),
 *   cancelled, and what the PN532 throws
 */
export async function pn532CardChannel(
  pn532: Pick<PN532, "inListPassiveTarget" | "inDataExchange" | "isPresent" | "close">,
  interrupted?: Pick<AbortSignal, "aborted">,
): Promise<CardChannel> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (interrupted?.aborted === true) throw new LatchkeyError("cancelled");
    const targets = await pn532.inListPassiveTarget({ maxTargets: 2 });
    if (targets.length > 1) throw new LatchkeyError("several-badges");
    const [target] = targets;
    if (target === undefined) continue;
    const card = new CardSession(pn532, target);
    if (!card.isoDep)
      throw new LatchkeyError("card-unsupported", {
        message: "The card speaks no ISO 14443-4: a Type 2 tag or a MIFARE Classic, perhaps.",
      });
    const transceive: Transceive = (apdu) => card.transceive(apdu);
    return { uid: card.uid, transceive, close: async () => void (await pn532.close()) };
  }
  throw new LatchkeyError("card-timeout", { message: "No card was held to the reader." });
}
