import { hkdf } from "../crypto/hkdf.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import type { Secret } from "../crypto/secret.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { LatchkeyError } from "../errors.ts";

/** Three bytes: four characters of base64url, without a stray bit. */
export const KEY_ID_BYTES = 3;

/** A tenant's share of its badges' keys, with the name that it goes by on a badge. */
export interface BadgeKey {
  readonly id: Uint8Array;
  readonly df1: Secret;
}

/**
 * The name of a `df1`, 3 bytes: `HKDF(df1, "", "latchkey/v1/badge/key-id", 3)`. No secret, and of
 * 256 random bits it gives 24 of a one-way function away: which badges have one key can be seen,
 * the key cannot. It names the key and not the tenant, so that a tenant may have more than one.
 * Two keys in sixteen million share a name; the payload's tag still tells them apart.
 */
export function badgeKeyId(crypto: CryptoProvider, df1: Uint8Array): Uint8Array {
  return hkdf(crypto, df1, new Uint8Array(0), "latchkey/v1/badge/key-id", KEY_ID_BYTES);
}

/** Named once, when the reader starts: a tap has no time for it. */
export function badgeKey(crypto: CryptoProvider, df1: Secret): BadgeKey {
  return { id: badgeKeyId(crypto, df1.bytes), df1 };
}

/**
 * The key that a badge names, of those that the reader holds.
 * @throws tenant-mismatch when it holds none of that name
 */
export function badgeKeyFor(keys: readonly BadgeKey[], id: Uint8Array): BadgeKey {
  const key = keys.find((held) => equalBytes(held.id, id));
  if (key === undefined)
    throw new LatchkeyError("tenant-mismatch", {
      message: "The badge names a key that this reader does not hold.",
    });
  return key;
}
