import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { Secret } from "../protocol/crypto/secret.ts";
import { keyId } from "../protocol/node/jwk.ts";

export interface SigningKey {
  /** Thumbprint of the public key (RFC 7638). */
  readonly kid: string;
  readonly publicKey: Uint8Array;
}

/**
 * The server's Ed25519 keys. One signs; the others are still published and still accepted in
 * tokens, so that a key can be changed while nodes know the old one.
 */
export interface SigningKeys {
  readonly active: SigningKey & { readonly seed: Secret };
  /** The active one first. */
  readonly published: readonly SigningKey[];
  byId(kid: string): Uint8Array | undefined;
}

/** @param seeds 32 bytes each; the first one signs */
export function signingKeys(crypto: CryptoProvider, seeds: readonly Secret[]): SigningKeys {
  const [seed] = seeds;
  if (seed === undefined) throw new RangeError("signing keys: at least one seed");
  const published = seeds.map(({ bytes }) => {
    const publicKey = crypto.ed25519PublicKey(bytes);
    return { kid: keyId(crypto, publicKey), publicKey };
  });
  return {
    active: { ...published[0]!, seed },
    published,
    byId: (kid) => published.find((key) => key.kid === kid)?.publicKey,
  };
}
