import { hkdf } from "../crypto/hkdf.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";
import { concat } from "../encoding/bytes.ts";
import { uuidFromDerived } from "../encoding/uuid.ts";
import { LatchkeyError } from "../errors.ts";

/** `up` is from node to server. */
export type Direction = "up" | "down";

/** Key and base nonce of one direction. */
export interface DirectionKeys {
  /** 32 bytes. */
  readonly key: Secret;
  /** 12 bytes. */
  readonly iv: Uint8Array;
}

export interface SessionKeys {
  /** The session's public name. Derived too, so that neither side can choose or mix it up. */
  readonly sid: string;
  readonly up: DirectionKeys;
  readonly down: DirectionKeys;
}

/** k_up 32, k_down 32, iv_up 12, iv_down 12, sid 16. */
export const SESSION_MATERIAL_BYTES = 104;

/**
 * The 104 bytes that make a session, for a server that must keep them; `sessionKeysFrom` makes
 * the keys of them. The caller wipes them.
 * @param ephemeral the private X25519 key of this side, wiped here whatever happens
 * @param authTranscript the transcript that the node signed
 * @throws key-agreement-failed when the shared secret is all zero
 */
export function agreeOnSession(
  crypto: CryptoProvider,
  ephemeral: Secret,
  peerEpk: Uint8Array,
  commKey: Uint8Array,
  authTranscript: Uint8Array,
): Uint8Array {
  const shared = crypto.x25519(ephemeral.bytes, peerEpk);
  ephemeral.wipe();
  if (shared === undefined) throw new LatchkeyError("key-agreement-failed");
  const ikm = concat(shared, commKey);
  const salt = crypto.sha256(authTranscript);
  const material = hkdf(crypto, ikm, salt, "latchkey/v1/session", SESSION_MATERIAL_BYTES);
  shared.fill(0);
  ikm.fill(0);
  return material;
}

/** Cuts the material of `agreeOnSession` into keys. They are copies. */
export function sessionKeysFrom(material: Uint8Array): SessionKeys {
  if (material.length !== SESSION_MATERIAL_BYTES) throw new RangeError("session material");
  return {
    sid: uuidFromDerived(material.slice(88, 104)),
    up: { key: new Secret(material.slice(0, 32)), iv: material.slice(64, 76) },
    down: { key: new Secret(material.slice(32, 64)), iv: material.slice(76, 88) },
  };
}

/** `agreeOnSession` and `sessionKeysFrom` in one, leaving nothing behind. */
export function deriveSessionKeys(...args: Parameters<typeof agreeOnSession>): SessionKeys {
  const material = agreeOnSession(...args);
  const keys = sessionKeysFrom(material);
  material.fill(0);
  return keys;
}

/** Overwrites the keys; whoever uses them afterwards gets a TypeError. */
export function wipeSessionKeys(keys: SessionKeys): void {
  keys.up.key.wipe();
  keys.down.key.wipe();
}
