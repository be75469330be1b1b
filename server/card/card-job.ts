import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import type { CardCommand, CardJob, CardRow } from "../store/card-rows.ts";
import type { Badge } from "../store/records.ts";
import { FACTORY_GENERATION } from "./card-keys.ts";
import type { CardOrder } from "./card-order.ts";

function unfinished(command: CardCommand): LatchkeyError {
  return new LatchkeyError("card-unfinished", {
    message: `\`latchkey badge ${command}\` was begun on this badge: run it again first.`,
    detail: { command },
  });
}

/**
 * The job for an order, from what is known of the card; `undefined` when there is nothing to do
 * but to look. An unfinished job goes on with the sets of keys that it began with.
 * @throws card-unfinished, conflict, badge-unknown, card-locked
 */
export function decideJob(
  order: CardOrder,
  card: CardRow,
  badge: Badge | undefined,
): CardJob | undefined {
  const { job } = card;
  switch (order.command) {
    case "inspect":
      return undefined;
    case "new":
      return decideNew(order, card, badge);
    case "wipe":
      return decideWipe(card, badge);
    default:
      if (job !== undefined && job.command !== order.command) throw unfinished(job.command);
      return decideRenewal(order, card, badge);
  }
}

function decideNew(order: CardOrder, card: CardRow, badge: Badge | undefined) {
  const { job } = card;
  const { mode, profile = "open", nodeUid, holder, label } = order;
  if (mode === undefined || holder === undefined) throw malformed("mode", "a new badge needs one");
  if (job !== undefined && job.command !== "new") throw unfinished(job.command);
  if (job === undefined && badge !== undefined) {
    const { mode: is, profile: lies } = badge;
    if (is === mode && lies === profile && badge.nodeUid === nodeUid && badge.holder === holder)
      return undefined;
    throw new LatchkeyError("conflict", {
      message: "This badge is enrolled for something else: wipe it first.",
    });
  }
  // Begun with other words, it ends with these.
  const kept = job !== undefined && (job.profile ?? "open") === profile ? job : undefined;
  const same = kept?.mode === mode && kept.nodeUid === nodeUid;
  return {
    command: "new",
    // The other profile has SDM elsewhere, so the read counter starts again: never under keys
    // that may have signed reads already.
    target: kept?.target ?? card.generationMax + 1,
    ...begunSets(kept === undefined ? setsBegun(card) : (kept.begun ?? [])),
    targetLock: "open",
    mode,
    profile,
    holder,
    ...(nodeUid !== undefined && { nodeUid }),
    ...(label !== undefined && { label }),
    ...(same && kept.badgePk !== undefined && { badgePk: kept.badgePk }),
  } as const satisfies CardJob;
}

/** Sets beside the card's own that an unfinished job may have written. */
function setsBegun({ job, generationMax }: CardRow): readonly number[] {
  if (job === undefined) return [];
  // Above the highest set: it was decided upon, and nothing was written with it.
  const written = job.target > 0 && job.target <= generationMax;
  return [...(job.begun ?? []), ...(written ? [job.target] : [])];
}

const begunSets = (begun: readonly number[]) => (begun.length > 0 ? { begun } : {});

/** Also takes back a `new` that was not finished, and knows the same sets of keys. */
function decideWipe(card: CardRow, badge: Badge | undefined): CardJob | undefined {
  const { job } = card;
  if (job !== undefined && job.command !== "wipe" && job.command !== "new")
    throw unfinished(job.command);
  if (job === undefined && card.generation === FACTORY_GENERATION) {
    if (badge === undefined && card.revision === 0) throw new LatchkeyError("badge-unknown");
    return undefined;
  }
  if (card.lock === "for-good") throw new LatchkeyError("card-locked");
  const begun = begunSets(setsBegun(card));
  return { command: "wipe", target: FACTORY_GENERATION, ...begun, targetLock: "open" };
}

/** `lock` changes the keys as well: its settings set the read counter back. */
function decideRenewal(order: CardOrder, card: CardRow, badge: Badge | undefined) {
  if (badge === undefined) throw new LatchkeyError("badge-unknown");
  const { job, lock } = card;
  const command = order.command as "lock" | "rekey";
  // What was begun for good may be so already.
  const sticky = lock === "for-good" || job?.targetLock === "for-good";
  const wanted = order.forGood === true || sticky ? "for-good" : "locked";
  const targetLock = command === "rekey" ? lock : wanted;
  if (command === "lock" && job === undefined && lock === targetLock) return undefined;
  return { command, target: job?.target ?? card.generationMax + 1, targetLock };
}

/**
 * The sets of keys that may be on the card: one, and a further one only once the journal says that
 * writing has begun. Another's card may well bear the version of keys that we are about to write.
 */
export function possibleGenerations(card: CardRow): number[] {
  return card.writing ? generationsOfJob(card) : [card.generation];
}

/** The sets of keys that the job works with. */
export function generationsOfJob({ generation, job }: CardRow): number[] {
  if (job === undefined) return [generation];
  return [...new Set([generation, ...(job.begun ?? []), job.target])];
}
