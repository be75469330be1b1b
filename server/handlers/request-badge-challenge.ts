import { parseBadgeChallengeRequest, writeBadgeChallenge } from "../../protocol/badge/challenge.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import type { SealedCaller } from "../sealed-exchange.ts";
import { unixSeconds } from "../wall-clock.ts";

/**
 * identity_tag/it_request_challenge: for this reader only. Without a badge it may be asked for
 * ahead of the tap; the answer to it says which badge it was.
 */
export async function requestBadgeChallenge(
  { random, clock, ephemera, limits }: ServiceContext,
  { node }: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const request = parseBadgeChallengeRequest(body);
  const { tenantId, nodeUid } = node;
  if (request.tenantId !== tenantId) throw new LatchkeyError("tenant-mismatch");
  if (request.nodeUid !== nodeUid) throw new LatchkeyError("forbidden-role");
  const challengeId = uuidFromRandom(random.bytes(16));
  const nonce = random.bytes(32);
  const expiresIn = limits.badgeChallengeSeconds;
  const stored = {
    challengeId,
    kind: "badge",
    tenantId,
    nodeUid,
    badgeUid: request.badgeUid && toHex(request.badgeUid),
    nonce,
    ephemeral: undefined,
    expiresAt: unixSeconds(clock) + expiresIn,
  } as const;
  await ephemera.putChallenge(stored, limits.badgeChallengesPerNode);
  return writeBadgeChallenge({ challengeId, nonce, expiresIn });
}
