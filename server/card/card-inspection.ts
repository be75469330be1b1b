import { payloadMode } from "../../protocol/badge/payload.ts";
import { parseTapFile } from "../../protocol/badge/sealed-link.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { readNdefFile } from "../../protocol/nfc/ntag424-read.ts";
import { verifySdm } from "../../protocol/nfc/sdm.ts";
import { getFileSettings } from "../../protocol/ntag424/card-facts.ts";
import type { AccessRights } from "../../protocol/ntag424/file-settings.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import { SDM_FILE_READ_KEY_NO, SDM_META_READ_KEY_NO } from "../chip-keys.ts";
import type { ServiceContext } from "../context.ts";
import type { Badge } from "../store/records.ts";
import { identifyCard, readKeyVersions } from "./card-identity.ts";
import { possibleGenerations } from "./card-job.ts";
import { CardJournal } from "./card-journal.ts";
import { CardKeys, FACTORY_GENERATION, keyVersionOf } from "./card-keys.ts";
import type { CardOrder, CardResult } from "./card-order.ts";
import { raiseCounter } from "./card-proof.ts";

type Findings = (readonly [what: string, value: string])[];

/**
 * Looks at a card without trying any key and without writing: versions, settings, link; and what
 * the journal says. The read counts, so a genuine one raises the badge's counter.
 * @throws card-unsupported, …
 */
export async function inspectCard(
  context: ServiceContext,
  order: CardOrder,
  transceive: Transceive,
): Promise<CardResult> {
  const { badgeUid, tenantId } = order;
  await identifyCard(transceive, badgeUid);
  const versions = await readKeyVersions(transceive);
  const journal = await CardJournal.open(context, order);
  const { card, badge } = journal;
  const findings: Findings = [["key versions", versions.join(" ")]];
  const sender = plainSender(transceive);
  for (const fileNo of [1, 2, 3]) {
    const { access, sdm, commMode } = await getFileSettings(sender, fileNo);
    const dynamic = sdm === undefined ? "" : ", SDM";
    findings.push([`file ${fileNo}`, `${describeAccess(access)}, ${commMode}${dynamic}`]);
  }
  const unfinished = (await context.records.card(tenantId, toHex(badgeUid)))?.writing === true;
  const genuine = await readLink(context, order, transceive, journal, findings);
  if (badge !== undefined) describeBadge(badge, findings);
  if (unfinished) findings.push(["unfinished", card.job?.command ?? ""]);
  const current = keyVersionOf(card.generation);
  const ours = versions.every((version) => version === current);
  const told = {
    badgeUid,
    changed: false,
    findings,
    ...(genuine !== undefined && { readCounter: genuine }),
  };
  if (unfinished) return { ...told, state: "unfinished" };
  if (badge !== undefined && ours && genuine !== undefined) {
    const { mode, profile, holder } = badge;
    const { lock, generation: keyGeneration } = card;
    return { ...told, state: "enrolled", mode, profile, holder, lock, keyGeneration };
  }
  const blank = versions.every((version) => version === 0);
  return { ...told, state: blank ? "blank" : "foreign" };
}

function describeAccess({ read, write, readWrite, change }: AccessRights): string {
  return `read ${read}, write ${write}, both ${readWrite}, change ${change}`;
}

function describeBadge(badge: Badge, findings: Findings): void {
  const { holder, mode, profile, status, nodeUid } = badge;
  findings.push(["holder", holder], ["mode", mode], ["profile", profile], ["status", status]);
  if (nodeUid !== undefined) findings.push(["reader", nodeUid]);
}

/** The counter of a genuine read, new to the server if there is a badge; else `undefined`. */
async function readLink(
  context: ServiceContext,
  { tenantId, badgeUid }: CardOrder,
  transceive: Transceive,
  { card, badge }: CardJournal,
  findings: Findings,
): Promise<number | undefined> {
  const generations = possibleGenerations(card).filter((each) => each !== FACTORY_GENERATION);
  const keys = await CardKeys.open(context, tenantId, badgeUid, generations);
  try {
    const link = parseTapFile((await readNdefFile(transceive)).file);
    if (link.profile === "sealed")
      findings.push(["payload", "sealed"], ["tenant mark", toHex(link.tenantMark)]);
    else
      findings.push(["payload", payloadMode(link.payload)], ["key identifier", toHex(link.keyId)]);
    if (badge !== undefined && link.profile !== badge.profile)
      throw new LatchkeyError("mode-mismatch");
    const generation = badge === undefined ? undefined : card.generation;
    if (generation === undefined || generation === FACTORY_GENERATION) return undefined;
    const { uid, readCounter } = verifySdm(
      context.crypto,
      {
        metaReadKey: keys.key(generation, SDM_META_READ_KEY_NO).bytes,
        fileReadKey: () => keys.key(generation, SDM_FILE_READ_KEY_NO).bytes,
      },
      link,
    );
    const genuine = equalBytes(uid, badgeUid) && (await raiseCounter(context, badge!, readCounter));
    findings.push(["chip's message", genuine ? `genuine, ${readCounter}` : "a copy's"]);
    return genuine ? readCounter : undefined;
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    if (error.code.startsWith("card-") || error.code.startsWith("badge-moved")) throw error;
    findings.push(["link", error.code]);
    return undefined;
  } finally {
    keys.wipe();
  }
}
