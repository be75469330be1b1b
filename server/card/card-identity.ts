import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { getKeyVersion, identifyNtag424 } from "../../protocol/ntag424/card-facts.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import { KEY_COUNT } from "./card-keys.ts";

/** HWType of GetVersion, of NXP's other families (AN10833 and their data sheets). */
const KINDS: Readonly<Record<number, string>> = Object.freeze({
  1: "a MIFARE DESFire",
  2: "a MIFARE Plus",
  3: "a MIFARE Ultralight",
  8: "a MIFARE DESFire Light",
});

function unsupported(message: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError("card-unsupported", { message, cause });
}

/** @throws card-unsupported for a UID that cannot be an NTAG 424 DNA's, or is not its own */
export function requireCardUid(uid: Uint8Array): void {
  if (uid.length === 7) return;
  // ISO/IEC 14443-3 §6.5.4: 08 marks a random UID.
  if (uid.length === 4 && uid[0] === 0x08)
    throw unsupported("The card shows a random UID: a phone, or a chip set to Random ID.");
  throw unsupported(`A UID of ${uid.length} bytes is not that of an NTAG 424 DNA.`);
}

/**
 * Selects the application and makes sure that this is an NTAG 424 DNA with the UID that the
 * reader saw, before anything else is sent to it.
 * @throws card-unsupported, which says what it is where that shows; badge-changed
 */
export async function identifyCard(transceive: Transceive, uid: Uint8Array): Promise<void> {
  requireCardUid(uid);
  const version = await identifyNtag424(transceive).catch((error: unknown) => {
    throw explained(error);
  });
  if (equalBytes(version.uid, uid)) return;
  if (version.uid.every((byte) => byte === 0)) throw unsupported("The chip is set to Random ID.");
  throw new LatchkeyError("badge-changed", {
    message: `The chip calls itself ${toHex(version.uid)}, the reader ${toHex(uid)}.`,
  });
}

function explained(error: unknown): unknown {
  if (!isLatchkeyError(error)) return error;
  const { type, instruction, sw } = error.detail;
  const kind = typeof type === "number" ? KINDS[type] : undefined;
  if (error.code === "card-unsupported") {
    if (kind !== undefined) return unsupported(`The card is ${kind}, not an NTAG 424 DNA.`, error);
    if (type !== undefined) return unsupported("The card is not an NTAG 424 DNA.", error);
    return unsupported("The card has no NDEF application: not an NTAG 424 DNA.", error);
  }
  // Any other refusal of the first two commands: a phone, a bank card, another Type 4 tag.
  const first = instruction === "ISOSelectFile" || instruction === "GetVersion";
  if (error.code === "card-status" && first)
    return unsupported(`The card answers ${instruction} with ${sw}: not an NTAG 424 DNA.`, error);
  return error;
}

/** The version of each key; free to ask, and proved by nothing. */
export async function readKeyVersions(transceive: Transceive): Promise<readonly number[]> {
  const sender = plainSender(transceive);
  const versions: number[] = [];
  for (let keyNo = 0; keyNo < KEY_COUNT; keyNo++) versions.push(await getKeyVersion(sender, keyNo));
  return versions;
}
