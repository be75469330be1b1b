import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import { concat } from "../protocol/encoding/bytes.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import { transcript } from "../protocol/encoding/transcript.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Random } from "../protocol/platform.ts";

const ID_BYTES = 8;

/** Names a key-encryption key: says nothing of its 256 random bits that could be tried out. */
export function vaultKeyId(crypto: CryptoProvider, key: Secret): string {
  const hash = crypto.sha256(transcript("latchkey/v1/vault-key-id", key.bytes));
  return toHex(hash.subarray(0, ID_BYTES));
}

/**
 * Seals the tenants' keys before they reach the database, under a key-encryption key that is not
 * in it: a stolen database or backup opens no door. The name of the place is authenticated, so
 * that whoever can write the database cannot move one tenant's key into another's row.
 */
export class Vault {
  /** Of the key that seals. */
  readonly id: string;
  readonly #crypto: CryptoProvider;
  readonly #random: Random;
  readonly #key: Secret;
  readonly #others: readonly Secret[];

  /** @param others keys that open as well: the one before, or one to come */
  constructor(crypto: CryptoProvider, random: Random, key: Secret, others: readonly Secret[] = []) {
    for (const { length } of [key, ...others])
      if (length !== 32) throw new RangeError("vault: the key has 32 bytes");
    this.#crypto = crypto;
    this.#random = random;
    this.#key = key;
    this.#others = others;
    this.id = vaultKeyId(crypto, key);
  }

  /** Nonce (12 bytes, random) followed by the AES-256-GCM cipher text. */
  seal(place: readonly string[], plain: Uint8Array): Uint8Array {
    const nonce = this.#random.bytes(12);
    const aad = transcript("latchkey/v1/vault", ...place);
    return concat(nonce, this.#crypto.aesGcmSeal(this.#key.bytes, nonce, aad, plain));
  }

  /** @throws storage-corrupt when the bytes were sealed for another place or under another key */
  open(place: readonly string[], sealed: Uint8Array): Secret {
    const plain = this.tryOpen(place, sealed);
    if (plain !== undefined) return plain;
    throw new LatchkeyError("storage-corrupt", {
      message:
        "A stored key does not open: the key-encryption key is not the one it was sealed with.",
    });
  }

  /** `undefined` where `open` throws. */
  tryOpen(place: readonly string[], sealed: Uint8Array): Secret | undefined {
    const aad = transcript("latchkey/v1/vault", ...place);
    const nonce = sealed.subarray(0, 12);
    if (nonce.length < 12) return undefined;
    for (const { bytes } of [this.#key, ...this.#others]) {
      const plain = this.#crypto.aesGcmOpen(bytes, nonce, aad, sealed.subarray(12));
      if (plain !== undefined) return new Secret(plain);
    }
    return undefined;
  }
}
