import { SEALED_FILE_NO } from "../../protocol/badge/sealed-tap.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { getCardUid, getKeyVersion } from "../../protocol/ntag424/card-facts.ts";
import { changeKey } from "../../protocol/ntag424/change-key.ts";
import { Session } from "../../protocol/ntag424/session.ts";
import type { ServiceContext } from "../context.ts";
import type { CardJob } from "../store/card-rows.ts";
import {
  eraseContent,
  makeWritable,
  readContent,
  writeCapability,
  writeContent,
} from "./card-content.ts";
import type { CardJournal } from "./card-journal.ts";
import { type CardKeys, KEY_COUNT, keyVersionOf } from "./card-keys.ts";
import {
  badgePlaces,
  contentKey,
  freshContent,
  type PayloadFor,
  sealedLinkContent,
} from "./card-payload.ts";
import { clearSealedFile, sealedFileSettings, writeSealedFile } from "./card-sealed-file.ts";
import {
  applyLock,
  applySettings,
  badgeSettings,
  CC_FILE_NO,
  ccSettings,
  FACTORY_CC,
  FACTORY_NDEF,
  NDEF_FILE_NO,
} from "./card-settings.ts";

/** What the work on one card needs. */
export interface CardWork {
  readonly context: ServiceContext;
  readonly transceive: Transceive;
  readonly journal: CardJournal;
  readonly job: CardJob;
  readonly keys: CardKeys;
  /** Which set each key is of, as its version says. */
  readonly found: readonly number[];
  readonly payloadFor: PayloadFor;
}

/** A session under key 0, with the UID that the keys were made for. */
export async function openCard(
  { context, transceive, keys, payloadFor }: Omit<CardWork, "journal" | "job" | "found">,
  generation: number,
): Promise<Session> {
  const session = await Session.open(transceive, keys.holder(context, generation), { keyNo: 0 });
  if (equalBytes(await getCardUid(session), payloadFor.badgeUid)) return session;
  session.close();
  throw new LatchkeyError("badge-changed", { message: "The chip has another UID in a session." });
}

/** File 02: the link, which in an open badge holds the payload, unless what it should hold is. */
async function writeLink(work: CardWork, session: Session): Promise<void> {
  const { context, journal, payloadFor } = work;
  await makeWritable(session);
  if (payloadFor.profile === "sealed") {
    const link = sealedLinkContent(context, payloadFor);
    if (!equalBytes(await readContent(session), link)) await writeContent(session, link);
    return;
  }
  const expected = journal.job?.badgePk;
  if (expected !== undefined) {
    const found = await contentKey(context, payloadFor, await readContent(session));
    if (found !== undefined && toHex(found) === expected) return;
  }
  const { content, badgePk } = await freshContent(context, payloadFor);
  await journal.expectKey(badgePk);
  await writeContent(session, content);
}

/**
 * The payload of a sealed badge into file 03, under the new key 0: before that whoever found the
 * card could have read it with the factory's keys. Nobody but key 3 can read what is there, so
 * a run that goes on begins it anew.
 */
async function writeSealedPayload(work: CardWork, session: Session): Promise<void> {
  const { context, journal, payloadFor } = work;
  const { content, badgePk } = await freshContent(context, payloadFor);
  await journal.expectKey(badgePk);
  await writeSealedFile(session, content);
}

/** Keys 1 to 4, each proved by the MAC of the chip's answer. */
async function changeOtherKeys(work: CardWork, session: Session): Promise<void> {
  const { keys, job, found } = work;
  for (let keyNo = 1; keyNo < KEY_COUNT; keyNo++) {
    const old = found[keyNo]!;
    if (old === job.target) continue;
    await changeKey(session, {
      keyNo,
      oldKey: keys.key(old, keyNo),
      newKey: keys.key(job.target, keyNo),
      newVersion: keyVersionOf(job.target),
    });
  }
}

/** Everything but key 0, in the order in which a card that is pulled away opens least. */
async function writeAll(work: CardWork, session: Session): Promise<void> {
  const { context, job, payloadFor } = work;
  const sealed = payloadFor.profile === "sealed";
  if (job.command === "wipe") {
    await clearSealedFile(session);
    await applySettings(session, NDEF_FILE_NO, FACTORY_NDEF);
    await applySettings(session, CC_FILE_NO, FACTORY_CC);
    await eraseContent(session);
    await writeCapability(session, true);
    await changeOtherKeys(work, session);
    return;
  }
  if (job.command === "new") {
    if (sealed) await applySettings(session, SEALED_FILE_NO, sealedFileSettings("open"));
    else await clearSealedFile(session);
    await writeLink(work, session);
    await writeCapability(session, false);
  }
  await changeOtherKeys(work, session);
  if (job.command === "rekey") return;
  // After the keys: SDM's counter starts again here, and no message of the old key may fit it.
  if (job.command === "lock") {
    const { targetLock } = job;
    if (sealed) await applySettings(session, SEALED_FILE_NO, sealedFileSettings(targetLock));
    await applyLock(session, NDEF_FILE_NO, targetLock);
    await applyLock(session, CC_FILE_NO, targetLock);
    return;
  }
  const places = badgePlaces(context, payloadFor);
  await applySettings(session, NDEF_FILE_NO, badgeSettings(places, job.targetLock));
  await applySettings(session, CC_FILE_NO, ccSettings(job.targetLock));
}

/** The versions once more, under a MAC: what was found before proved nothing. */
async function proveKeys(session: Session, target: number): Promise<void> {
  for (let keyNo = 1; keyNo < KEY_COUNT; keyNo++) {
    const version = await getKeyVersion(session, keyNo);
    if (version !== keyVersionOf(target))
      throw new LatchkeyError("card-keys-unknown", {
        message: `Key ${keyNo} has version ${version} after all: somebody altered the exchange.`,
        detail: { keyNo, version },
      });
  }
}

/**
 * Brings a card from one set of keys to another with all that belongs to it, from wherever it
 * stands: each part looks before it writes. Key 0 goes last, because it is the one that everything
 * else is written with; its version says whether it went. Then all five keys are proved, and a
 * sealed badge gets its payload.
 */
export async function writeCard(work: CardWork): Promise<void> {
  const { journal, keys, job, found } = work;
  const master = found[0]!;
  const session = await openCard(work, master);
  await journal.writing();
  await writeAll(work, session);
  let proof = session;
  if (master !== job.target) {
    const newVersion = keyVersionOf(job.target);
    await changeKey(session, { keyNo: 0, newKey: keys.key(job.target, 0), newVersion });
    proof = await openCard(work, job.target);
  }
  await proveKeys(proof, job.target);
  if (job.command === "new" && work.payloadFor.profile === "sealed")
    await writeSealedPayload(work, proof);
  proof.close();
}

/** The public key that the journal expects on the card. */
export function expectedKey({ job, badge }: CardJournal): Uint8Array | undefined {
  return job?.badgePk === undefined ? badge?.badgePk : fromHex(job.badgePk);
}
