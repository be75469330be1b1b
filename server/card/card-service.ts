import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import type { ServiceContext } from "../context.ts";
import type { BadgeChange } from "../store/card-rows.ts";
import type { NewBadge } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import { identifyCard, readKeyVersions, requireCardUid } from "./card-identity.ts";
import { inspectCard } from "./card-inspection.ts";
import { generationsOfJob, possibleGenerations } from "./card-job.ts";
import { CardJournal } from "./card-journal.ts";
import { CardKeys, FACTORY_GENERATION, generationsOf } from "./card-keys.ts";
import type { CardOrder, CardResult } from "./card-order.ts";
import { type PayloadFor, readerKey } from "./card-payload.ts";
import { type BadgeProof, proveBadge, raiseCounter } from "./card-proof.ts";
import { type CardWork, expectedKey, openCard, writeCard } from "./card-writer.ts";

/**
 * Carries out an order on the card behind `transceive`. Whatever interrupts it (the card pulled
 * away, this process gone, the technician's computer off), the same order finishes it.
 *
 * No key is tried that the card's versions do not name, and none twice: the first wrong one ends
 * the work. Nothing is written before the card has proved its key 0.
 * @throws card-unsupported, card-keys-unknown, card-unfinished, card-locked, card-key-wrong,
 *   conflict, badge-unknown, node-unknown, busy, and all that a session throws
 */
export async function runCardOrder(
  context: ServiceContext,
  order: CardOrder,
  transceive: Transceive,
): Promise<CardResult> {
  requireCardUid(order.badgeUid);
  if (order.command === "inspect") return await inspectCard(context, order, transceive);
  await identifyCard(transceive, order.badgeUid);
  const versions = await readKeyVersions(transceive);
  if (order.command === "new") await readerKey(context, payloadFor(order, undefined), "new badge");
  const journal = await CardJournal.open(context, order);
  const { tenantId, badgeUid } = order;
  const found = generationsOf(versions, possibleGenerations(journal.card));
  const sets = generationsOfJob(journal.card);
  const keys = await CardKeys.open(context, tenantId, badgeUid, sets);
  const base = { context, transceive, keys, payloadFor: payloadFor(order, journal) };
  try {
    const { job } = journal;
    if (job === undefined) return await confirm(base, journal);
    await writeCard({ ...base, journal, job, found });
    return await finish({ ...base, journal, job, found });
  } catch (error) {
    if (isLatchkeyError(error)) await noteFailure(context, order, error);
    throw error;
  } finally {
    keys.wipe();
  }
}

type Base = Omit<CardWork, "journal" | "job" | "found">;

function payloadFor(order: CardOrder, journal: CardJournal | undefined): PayloadFor {
  const { tenantId, badgeUid } = order;
  const from = journal?.job?.mode ? journal.job : (journal?.badge ?? order);
  const { mode = "STD", profile = "open", nodeUid } = from;
  return { tenantId, badgeUid, mode, profile, nodeUid };
}

/** A wrong key deserves to be seen by others than the one who holds the card. */
async function noteFailure(
  { records, clock, log }: ServiceContext,
  { tenantId, badgeUid, command, by }: CardOrder,
  { code }: LatchkeyError,
): Promise<void> {
  const data = { badge_uid: toHex(badgeUid), command, code, ...(by !== undefined && { by }) };
  log.write("warn", "card-work-stopped", { tenant_id: tenantId, ...data });
  if (code !== "card-key-wrong" && code !== "card-proof-invalid") return;
  await records.audit({ tenantId, at: unixSeconds(clock), kind: "card-refused", data });
}

async function prove(base: Base, journal: CardJournal, generation: number): Promise<BadgeProof> {
  const { context, transceive, keys } = base;
  const proof = await proveBadge(context, transceive, base.payloadFor, keys, generation);
  const expected = expectedKey(journal);
  if (expected === undefined || !equalBytes(proof.badgePk, expected))
    throw new LatchkeyError("badge-payload-invalid", {
      message: "The payload on the card is not the one that belongs there.",
    });
  return proof;
}

function newBadge({ context, journal, job, payloadFor: payload }: CardWork, pk: Uint8Array) {
  const { tenantId, badgeUid, mode, profile, nodeUid } = payload;
  return {
    tenantId,
    badgeUid: toHex(badgeUid),
    badgePk: pk,
    mode,
    nodeUid,
    holder: job.holder ?? journal.badge?.holder ?? "",
    label: job.label,
    scope: undefined,
    profile,
    createdAt: unixSeconds(context.clock),
  } satisfies NewBadge;
}

/** The card is written: prove it as a door would, then let the badge be one. */
async function finish(work: CardWork): Promise<CardResult> {
  const { journal, job } = work;
  const { badgeUid, mode, profile } = work.payloadFor;
  if (job.command === "wipe") {
    await journal.finish({ kind: "remove" });
    return { badgeUid, state: "blank", changed: true };
  }
  const { readCounter, badgePk } = await prove(work, journal, job.target);
  // A chip does not count back while its settings stay as they are.
  if (job.command === "rekey" && readCounter <= (journal.badge?.readCounter ?? -1))
    throw new LatchkeyError("sdm-counter-stale");
  const change: BadgeChange =
    job.command === "new"
      ? { kind: "register", badge: newBadge(work, badgePk), readCounter }
      : { kind: "recount", readCounter };
  await journal.finish(change);
  const holder = job.holder ?? journal.badge?.holder;
  return {
    badgeUid,
    state: "enrolled",
    changed: true,
    mode,
    profile,
    ...(holder !== undefined && { holder }),
    lock: job.targetLock,
    keyGeneration: job.target,
    readCounter,
  };
}

/** Nothing to do, says the journal: the card is asked whether that is so. */
async function confirm(base: Base, journal: CardJournal): Promise<CardResult> {
  const { generation, lock } = journal.card;
  const { badgeUid, mode, profile } = base.payloadFor;
  const session = await openCard(base, generation);
  session.close();
  if (generation === FACTORY_GENERATION) return { badgeUid, state: "blank", changed: false };
  const { readCounter } = await prove(base, journal, generation);
  const { badge } = journal;
  if (badge === undefined || !(await raiseCounter(base.context, badge, readCounter)))
    throw new LatchkeyError("sdm-counter-stale");
  const told = { mode, profile, holder: badge.holder, lock, keyGeneration: generation };
  return { badgeUid, state: "enrolled", changed: false, ...told, readCounter };
}
