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
  const { mode, nodeUid, holder, label } = order;
  if (mode === undefined || holder === undefined) throw malformed("mode", "a new badge needs one");
  if (job !== undefined && job.command !== "new") throw unfinished(job.command);
  if (job === undefined && badge !== undefined) {
    if (badge.mode === mode && badge.nodeUid === nodeUid && badge.holder === holder)
      return undefined;
    throw new LatchkeyError("conflict", {
      message: "This badge is enrolled for something else: wipe it first.",
    });
  }
  const same = job?.mode === mode && job.nodeUid === nodeUid;
  return {
    command: "new",
    // Begun with other words, it ends with these; the keys are those that may be on the card.
    target: job?.target ?? card.generationMax + 1,
    targetLock: "open",
    mode,
    holder,
    ...(nodeUid !== undefined && { nodeUid }),
    ...(label !== undefined && { label }),
    ...(same && job.badgePk !== undefined && { badgePk: job.badgePk }),
  } as const satisfies CardJob;
}

/** Also takes back a `new` that was not finished: both know the same two sets of keys. */
function decideWipe(card: CardRow, badge: Badge | undefined): CardJob | undefined {
  const { job } = card;
  if (job !== undefined && job.command !== "wipe" && job.command !== "new")
    throw unfinished(job.command);
  if (job === undefined && card.generation === FACTORY_GENERATION) {
    if (badge === undefined && card.revision === 0) throw new LatchkeyError("badge-unknown");
    return undefined;
  }
  if (card.lock === "for-good") throw new LatchkeyError("card-locked");
  return { command: "wipe", target: FACTORY_GENERATION, targetLock: "open" };
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
 * The sets of keys that may be on the card: one, and a second only once the journal says that
 * writing has begun. Another's card may well bear the version of keys that we are about to write.
 */
export function possibleGenerations(card: CardRow): number[] {
  return card.writing ? generationsOfJob(card) : [card.generation];
}

/** The sets of keys that the job works with. */
export function generationsOfJob({ generation, generationMax, job }: CardRow): number[] {
  if (job === undefined) return [generation];
  // A wipe that took an unfinished `new` back: its keys were begun, and never became the card's.
  const begun = job.command === "wipe" && generation === FACTORY_GENERATION;
  return begun ? [FACTORY_GENERATION, generationMax] : [generation, job.target];
}
