import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { concat } from "../protocol/encoding/bytes.ts";
import { toUtf8 } from "../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json/reader.ts";
import { sealEnvelope, writeEnvelope } from "../protocol/node/envelope.ts";
import { sessionKeysFrom, wipeSessionKeys } from "../protocol/node/session-keys.ts";
import { writeVerifyAnswer } from "../protocol/node/verify.ts";
import { accessToken } from "./access-token.ts";
import type { ServiceContext } from "./context.ts";
import { rateLimited, type Subject } from "./rate-limiter.ts";
import { countHandshake, handshakeLimits } from "./request-limits.ts";
import type { StoredChallenge } from "./store/ephemera.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** A challenge of a handshake, taken out: nobody else will answer it. */
export type TakenChallenge = StoredChallenge & {
  readonly ephemeral: Uint8Array;
  /** The public key of it, which the challenge named. */
  readonly serverEpk: Uint8Array;
};

/** Both halves of a challenge's key are kept, so that the public one is worked out once. */
export function keyPair(crypto: CryptoProvider, ephemeral: Uint8Array) {
  const serverEpk = crypto.x25519PublicKey(ephemeral);
  return { serverEpk, kept: concat(ephemeral, serverEpk) };
}

/**
 * Takes out the challenge that an answer is for, and counts the answer towards those of its
 * address, in one question; one that is no answer at all counts as well.
 * @param parse the answer
 * @throws rate-limited, unavailable, challenge-used, challenge-expired, and what `parse` throws
 */
export async function takeChallenge<T extends { readonly challengeId: string }>(
  context: ServiceContext,
  address: Subject,
  parse: () => T,
): Promise<{ readonly challenge: TakenChallenge; readonly request: T }> {
  const { ephemera, clock, rates } = context;
  let request: T;
  try {
    request = parse();
  } catch (error) {
    await countHandshake(context, address);
    throw error;
  }
  const payment = rates.paymentOf(handshakeLimits(context, address));
  const found = await ephemera.takePaidChallenge(request.challengeId, "node", payment);
  if ("refused" in found) throw rateLimited(found.refused);
  const challenge = found.taken;
  const kept = challenge?.ephemeral;
  if (challenge === undefined || kept === undefined) throw new LatchkeyError("challenge-used");
  if (challenge.expiresAt <= unixSeconds(clock)) throw new LatchkeyError("challenge-expired");
  const ephemeral = kept.slice(0, 32);
  const serverEpk = kept.slice(32);
  kept.fill(0);
  return { challenge: { ...challenge, ephemeral, serverEpk }, request };
}

/**
 * Opens the session of whoever has proved itself and seals its first message, number 0.
 * @param at the endpoint, and the back end that an application's session is for
 */
export async function openSession(
  context: ServiceContext,
  node: Node,
  material: Uint8Array,
  at: { readonly path: string; readonly audience?: string },
): Promise<JsonObject> {
  const { crypto, ephemera, clock, limits, log } = context;
  const { tenantId, nodeUid } = node;
  const keys = sessionKeysFrom(material);
  const { sid } = keys;
  try {
    const openedAt = unixSeconds(clock);
    const expiresAt = openedAt + limits.tokenSeconds;
    const endsAt = openedAt + limits.sessionSeconds;
    const session = { sid, tenantId, nodeUid, material, expiresAt, endsAt };
    await ephemera.openSession(session, limits.sessionsPerNode);
    log.write("info", "node-verified", { tenant_id: tenantId, node_uid: nodeUid, sid });
    const token = accessToken(context, node, sid, expiresAt, at.audience);
    const answer = writeVerifyAnswer({ token, expiresIn: limits.tokenSeconds, next: [] });
    const first = { seq: 0, tenantId, path: at.path };
    return writeEnvelope(sealEnvelope(crypto, keys, "down", first, toUtf8(JSON.stringify(answer))));
  } finally {
    wipeSessionKeys(keys);
  }
}
