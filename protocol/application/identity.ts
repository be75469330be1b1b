import type { CryptoProvider } from "../crypto/provider.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { uuidFromDerived } from "../encoding/uuid.ts";
import type { JsonReader } from "../json/reader.ts";

/** `STD`: a key that software holds. `HS`: one that hardware holds (WebAuthn). */
export type Assurance = "STD" | "HS";
export const ASSURANCES = Object.freeze(["STD", "HS"] as const);

/** What applications and back ends are among the server's subjects; no node may call itself so. */
export const APPLICATION_TYPES: Readonly<Record<Assurance, string>> = Object.freeze({
  STD: "application",
  HS: "application-hs",
});
export const BACK_END_TYPE = "back-end";

/** The longest public key: a COSE key of RSA-2048 has 272 bytes, of P-256 77. */
export const PUBLIC_KEY_MAX = 600;

/** The level of an application of that type; `undefined` for what is none. */
export function assuranceOf(subjectType: string): Assurance | undefined {
  return ASSURANCES.find((assurance) => APPLICATION_TYPES[assurance] === subjectType);
}

/** Whether a node must not register under that type. */
export function isReservedType(subjectType: string): boolean {
  return subjectType === BACK_END_TYPE || assuranceOf(subjectType) !== undefined;
}

/**
 * What an application is called: SHA-256 of its public key, 64 hexadecimal digits in lower case.
 * The key is the 32 bytes of Ed25519 for STD, the COSE key as the authenticator gave it for HS.
 */
export function identityHash(crypto: CryptoProvider, publicKey: Uint8Array): string {
  return toHex(crypto.sha256(publicKey));
}

/** The UID under which an identity's challenges and sessions are kept. */
export function subjectUid(hash: string): string {
  return uuidFromDerived(fromHex(hash).slice(0, 16));
}

/** An identity hash in its one spelling. @throws malformed */
export function parseIdentityHash(body: JsonReader, name = "identity_hash"): string {
  const text = body.string(name, { min: 64, max: 64 });
  if (!/^[0-9a-f]{64}$/.test(text)) throw body.wrong(name, "not 64 hexadecimal digits");
  return text;
}
