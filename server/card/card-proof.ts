import { parseBadgeFile, urlOfFile } from "../../protocol/badge/link.ts";
import {
  checkTenantMark,
  type OpenBadgeLink,
  parseSealedUrl,
} from "../../protocol/badge/sealed-link.ts";
import { readSealedPayload } from "../../protocol/badge/sealed-read.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { readNdefFile } from "../../protocol/nfc/ntag424-read.ts";
import { verifySdm } from "../../protocol/nfc/sdm.ts";
import { SDM_FILE_READ_KEY_NO, SDM_META_READ_KEY_NO } from "../chip-keys.ts";
import type { ServiceContext } from "../context.ts";
import type { Badge } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { CardKeys } from "./card-keys.ts";
import { badgePlaces, type PayloadFor, payloadKey, requireKeyId } from "./card-payload.ts";

/** A read of the badge as a reader at a door makes it, verified as the server does then. */
export interface BadgeProof {
  readonly readCounter: number;
  readonly badgePk: Uint8Array;
}

/**
 * Reads the badge as a door does and verifies all of it: the chip's message under the set of keys
 * that it should have, its UID, the payload; of a sealed badge that is read in a session under
 * key 3, with which the chip proves itself.
 * @throws sdm-mac-invalid, sdm-malformed, badge-not-ours, tenant-mismatch, badge-payload-invalid,
 *   what `readSealedPayload` throws …
 */
export async function proveBadge(
  context: ServiceContext,
  transceive: Transceive,
  order: PayloadFor,
  keys: CardKeys,
  generation: number,
): Promise<BadgeProof> {
  const { crypto } = context;
  const { tenantId, profile, badgeUid } = order;
  const lengthHint = badgePlaces(context, order).file.length;
  const { file } = await readNdefFile(transceive, { lengthHint });
  const link = profile === "sealed" ? parseSealedUrl(urlOfFile(file)) : openLink(file);
  if (link.profile === "sealed") checkTenantMark(crypto, tenantId, link);
  else await requireKeyId(context, tenantId, link);
  const { uid, readCounter } = verifySdm(
    crypto,
    {
      metaReadKey: keys.key(generation, SDM_META_READ_KEY_NO).bytes,
      fileReadKey: () => keys.key(generation, SDM_FILE_READ_KEY_NO).bytes,
    },
    link,
  );
  if (!equalBytes(uid, badgeUid))
    throw new LatchkeyError("sdm-mac-invalid", { message: "The chip signs for another UID." });
  const payload =
    link.profile === "sealed"
      ? await readSealedPayload(transceive, keys.holder(context, generation))
      : link.payload;
  return { readCounter, badgePk: await payloadKey(context, order, payload) };
}

const openLink = (file: Uint8Array): OpenBadgeLink => ({
  profile: "open",
  ...parseBadgeFile(file),
});

/**
 * Whoever carried the message of a read must not be able to use it at a door. False when it is
 * not new: a copy's.
 */
export async function raiseCounter(
  { records, clock }: ServiceContext,
  { tenantId, badgeUid }: Badge,
  readCounter: number,
): Promise<boolean> {
  const at = unixSeconds(clock);
  const record = (fresh: boolean) => {
    const data = { badge_uid: badgeUid, read_counter: readCounter, fresh };
    return { entry: { tenantId, at, kind: "badge-inspected", data } };
  };
  const step = { tenantId, badgeUid, readCounter, refused: () => record(false) };
  return (await records.recordDecision(record(true), step)) === undefined;
}
