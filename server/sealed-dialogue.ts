import { openPayload } from "../protocol/badge/payload.ts";
import { readSealedPayload } from "../protocol/badge/sealed-read.ts";
import {
  SEALED_READ_KEY_NO,
  type SealedBegin,
  type SealedContinue,
  writeSealedCommand,
} from "../protocol/badge/sealed-tap.ts";
import { writeBadgeDecision } from "../protocol/badge/verify.ts";
import { constantTimeEqual } from "../protocol/crypto/constant-time.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json/reader.ts";
import { localKeyHolder } from "../protocol/ntag424/handshake.ts";
import type { RelayStep } from "../protocol/ntag424/relay.ts";
import { badgeChipKey } from "./chip-keys.ts";
import type { ServiceContext } from "./context.ts";
import {
  checkChip,
  concludeTap,
  findBadge,
  type GenuineTap,
  isRefusal,
  type Refusal,
  refuse,
  type TapName,
  takeChallenge,
} from "./decision.ts";
import { replayDialogue } from "./replayed-dialogue.ts";
import { sealedShare } from "./sealed-share.ts";
import { decodeSealedState, encodeSealedState, type SealedState } from "./sealed-state.ts";
import type { Badge, Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** The badge's payload, or the next command for its chip. */
type Progress = RelayStep<Uint8Array> | Refusal;

/**
 * A sealed badge has answered part 1 of the authentication. Its SDM message is checked before
 * anything of the key is used: who has not read the chip just now gets no cryptogram to work on.
 */
export async function beginSealedTap(
  context: ServiceContext,
  node: Node,
  request: SealedBegin,
): Promise<JsonObject> {
  const found = await examine(context, node, request);
  if (isRefusal(found)) return conclude(context, node, request, found);
  const { readCounter } = found;
  const rndA = context.random.bytes(16);
  const expiresAt = unixSeconds(context.clock) + context.limits.sealedDialogueSeconds;
  const state = { readCounter, rndA, answers: [request.response] };
  return advance(context, node, request, { badge: found.badge, state, expiresAt });
}

/** The chip has answered a command. The dialogue is taken: whatever fails here ends it. */
export async function continueSealedTap(
  context: ServiceContext,
  node: Node,
  request: SealedContinue,
): Promise<JsonObject> {
  const taken = await takeChallenge(context, node, request, "sealed");
  if (isRefusal(taken)) return conclude(context, node, request, taken);
  const before = decodeSealedState(taken.nonce);
  taken.nonce.fill(0);
  if (request.step !== before.answers.length)
    return conclude(context, node, request, refuse("challenge-used", "sealed-step-out-of-order"));
  // Looked up anew: it may have been revoked since.
  const badge = await findBadge(context, node, request.badgeUid, "sealed");
  if (isRefusal(badge)) return conclude(context, node, request, badge);
  const state = { ...before, answers: [...before.answers, request.response] };
  return advance(context, node, request, { badge, state, expiresAt: taken.expiresAt });
}

async function examine(
  context: ServiceContext,
  node: Node,
  request: SealedBegin,
): Promise<GenuineTap | Refusal> {
  const challenge = await takeChallenge(context, node, request);
  if (isRefusal(challenge)) return challenge;
  const badge = await findBadge(context, node, request.badgeUid, "sealed");
  if (isRefusal(badge)) return badge;
  const found = await checkChip(context, badge, request);
  if (isRefusal(found) || found.readCounter > badge.readCounter) return found;
  return refuse("badge-cloned", "sdm-counter-stale");
}

interface Dialogue {
  readonly badge: Badge;
  readonly state: SealedState;
  /** Unix seconds, from the first answer on. */
  readonly expiresAt: number;
}

/** Goes as far as the chip's answers reach: another command, or the decision. */
async function advance(
  context: ServiceContext,
  node: Node,
  tap: TapName,
  dialogue: Dialogue,
): Promise<JsonObject> {
  const { badge, state, expiresAt } = dialogue;
  const progress = await progressOf(context, badge, state);
  const { readCounter, answers } = state;
  if (isRefusal(progress)) return conclude(context, node, tap, progress);
  if (progress.kind === "done") {
    const misfit = await payloadRefusal(context, node, tap.badgeUid, badge, progress.result);
    const found = misfit ? suspect(misfit, readCounter) : { badge, readCounter };
    return conclude(context, node, tap, found);
  }
  const { challengeId } = tap;
  const { tenantId, nodeUid } = node;
  const kept = {
    challengeId,
    kind: "sealed",
    tenantId,
    nodeUid,
    expiresAt,
    badgeUid: toHex(tap.badgeUid),
    nonce: encodeSealedState(state),
    ephemeral: undefined,
  } as const;
  await context.ephemera.putChallenge(kept, context.limits.sealedDialoguesPerNode);
  return writeSealedCommand({ challengeId, step: answers.length, command: progress.apdu });
}

/** Behind a genuine SDM message, a chip that does not know its own key is probably none. */
function suspect(refusal: Refusal, readCounter: number): Refusal {
  return { ...refusal, alarm: "badge-copy-suspected", readCounter };
}

async function progressOf(
  context: ServiceContext,
  badge: Badge,
  { rndA, answers, readCounter }: SealedState,
): Promise<Progress> {
  const key = await badgeChipKey(context, badge, SEALED_READ_KEY_NO);
  const random = { bytes: () => rndA.slice() };
  const holder = localKeyHolder(context.crypto, random, () => key);
  try {
    return await replayDialogue(answers, (transceive) => readSealedPayload(transceive, holder));
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    const sw = error.detail["sw"];
    const cause = typeof sw === "string" ? `sealed-step-${answers.length}-${sw}` : undefined;
    const refusal = refuse(error.code, cause);
    // So says a chip on which somebody has tried to guess keys. No news of a copy.
    const waits = error.code === "card-auth-delay" || error.code === "card-auth-refused";
    return waits ? { ...refusal, readCounter } : suspect(refusal, readCounter);
  } finally {
    key.wipe();
  }
}

/** Whether the payload is this badge's: sealed here, for this chip, with the registered key. */
async function payloadRefusal(
  context: ServiceContext,
  { tenantId, nodePk }: Node,
  uid: Uint8Array,
  badge: Badge,
  payload: Uint8Array,
): Promise<Refusal | undefined> {
  const { crypto } = context;
  const share = await sealedShare(context, tenantId);
  try {
    const seed = openPayload(crypto, payload, { df1: share.bytes, uid, nodePk });
    const badgePk = crypto.ed25519PublicKey(seed.bytes);
    seed.wipe();
    if (constantTimeEqual(badgePk, badge.badgePk)) return undefined;
    return refuse("badge-payload-invalid", "another-badge-key");
  } catch (error) {
    if (error instanceof LatchkeyError) return refuse(error.code);
    throw error;
  } finally {
    share.wipe();
    payload.fill(0);
  }
}

async function conclude(
  context: ServiceContext,
  node: Node,
  tap: TapName,
  found: GenuineTap | Refusal,
): Promise<JsonObject> {
  return writeBadgeDecision(await concludeTap(context, node, tap, found));
}
