import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import {
  type ChallengeRequest,
  parseChallengeRequest,
  signChallenge,
  writeChallenge,
} from "../../protocol/node/challenge.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { countChallenge } from "../request-limits.ts";
import { keyPair } from "../session-opening.ts";
import { unixSeconds } from "../wall-clock.ts";

/** A challenge for whoever has that UID, kept until it is answered. @throws unavailable */
export async function issueChallenge(
  context: ServiceContext,
  request: ChallengeRequest,
): Promise<JsonObject> {
  const { crypto, keys, clock, random, ephemera, limits } = context;
  const ephemeral = random.bytes(32);
  const { serverEpk, kept } = keyPair(crypto, ephemeral);
  const serverTime = unixSeconds(clock);
  const challenge = {
    challengeId: uuidFromRandom(random.bytes(16)),
    nonce: random.bytes(32),
    serverEpk,
    serverTime,
    expiresIn: limits.challengeSeconds,
  };
  const stored = {
    challengeId: challenge.challengeId,
    kind: "node",
    tenantId: request.tenantId,
    nodeUid: request.nodeUid,
    badgeUid: undefined,
    nonce: challenge.nonce,
    ephemeral: kept,
    expiresAt: serverTime + limits.challengeSeconds,
  } as const;
  await ephemera.putChallenge(stored, limits.challengesPerNode);
  ephemeral.fill(0);
  kept.fill(0);
  return writeChallenge(signChallenge(crypto, keys.active.seed.bytes, request, challenge));
}

/**
 * identity_iot/ii_request_challenge. Nothing is looked up: whoever asks for a node that does not
 * exist gets a challenge like any other, at the same cost, and no answer to it will ever fit.
 */
export async function requestChallenge(
  context: ServiceContext,
  body: JsonReader,
  { remoteAddress }: ServiceRequest,
): Promise<JsonObject> {
  const request = parseChallengeRequest(body);
  await countChallenge(context, request, remoteAddress);
  return issueChallenge(context, request);
}
