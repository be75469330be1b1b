import { toBase64Url } from "../encoding/base64.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { BADGE_UID_BYTES } from "./endpoints.ts";

/** The longest life of a badge challenge in seconds. */
export const MAX_BADGE_CHALLENGE_SECONDS = 60;

/**
 * it_request_challenge: the reader asks, sealed. Without `badgeUid` it asks ahead of the tap: the
 * challenge is bound to node and tenant, and to a badge when it is used.
 */
export interface BadgeChallengeRequest {
  readonly tenantId: string;
  readonly nodeUid: string;
  readonly badgeUid?: Uint8Array;
}

/** it_request_challenge: the server answers, sealed. */
export interface BadgeChallenge {
  readonly challengeId: string;
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
  /** Seconds from the answer on, 1 to 60. */
  readonly expiresIn: number;
}

export function writeBadgeChallengeRequest(request: BadgeChallengeRequest): JsonObject {
  const { tenantId, nodeUid, badgeUid } = request;
  return {
    tenant_id: tenantId,
    node_uid: nodeUid,
    ...(badgeUid && { badge_uid: toBase64Url(badgeUid) }),
  };
}

/** @throws malformed */
export function parseBadgeChallengeRequest(body: JsonReader): BadgeChallengeRequest {
  const badgeUid = body.optionalBytes("badge_uid", BADGE_UID_BYTES);
  return {
    tenantId: body.uuid("tenant_id"),
    nodeUid: body.uuid("node_uid"),
    ...(badgeUid && { badgeUid }),
  };
}

export function writeBadgeChallenge(challenge: BadgeChallenge): JsonObject {
  return {
    challenge_id: challenge.challengeId,
    nonce: toBase64Url(challenge.nonce),
    expires_in: challenge.expiresIn,
  };
}

/** @throws malformed */
export function parseBadgeChallenge(body: JsonReader): BadgeChallenge {
  return {
    challengeId: body.uuid("challenge_id"),
    nonce: body.bytes("nonce", 32),
    expiresIn: body.uint("expires_in", { max: MAX_BADGE_CHALLENGE_SECONDS }),
  };
}
