import type { CryptoProvider } from "../crypto/provider.ts";
import type { Secret } from "../crypto/secret.ts";
import { transcript } from "../encoding/transcript.ts";

/** What a badge signs for one tap. UUIDs are lower-case text. */
export interface BadgeAuthFields {
  readonly tenantId: string;
  readonly nodeUid: string;
  /** The chip's UID, 7 bytes. */
  readonly badgeUid: Uint8Array;
  readonly challengeId: string;
  /** 32 bytes from the server. */
  readonly nonce: Uint8Array;
}

/** `LP("latchkey/v1/badge-auth", tenant_id, node_uid, badge_uid, challenge_id, nonce)`. */
export function badgeAuthTranscript(fields: BadgeAuthFields): Uint8Array {
  const { tenantId, nodeUid, badgeUid, challengeId, nonce } = fields;
  return transcript("latchkey/v1/badge-auth", tenantId, nodeUid, badgeUid, challengeId, nonce);
}

/** The badge's answer to a challenge, 64 bytes, made with the seed from its payload. */
export function signBadgeAuth(
  crypto: CryptoProvider,
  seed: Secret,
  fields: BadgeAuthFields,
): Uint8Array {
  return crypto.ed25519Sign(seed.bytes, badgeAuthTranscript(fields));
}

/** Whether the badge with this public key answered this challenge at this node. */
export function verifyBadgeAuth(
  crypto: CryptoProvider,
  badgePk: Uint8Array,
  fields: BadgeAuthFields,
  signature: Uint8Array,
): boolean {
  return crypto.ed25519Verify(badgePk, badgeAuthTranscript(fields), signature);
}
