import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import { concat } from "../protocol/encoding/bytes.ts";
import { transcript } from "../protocol/encoding/transcript.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Random } from "../protocol/platform.ts";

/**
 * Seals the tenants' keys before they reach the database, under a key-encryption key that is not
 * in it: a stolen database or backup opens no door. The name of the place is authenticated, so
 * that whoever can write the database cannot move one tenant's key into another's row.
 */
export class Vault {
  readonly #crypto: CryptoProvider;
  readonly #random: Random;
  readonly #key: Secret;

  constructor(crypto: CryptoProvider, random: Random, key: Secret) {
    if (key.length !== 32) throw new RangeError("vault: the key has 32 bytes");
    this.#crypto = crypto;
    this.#random = random;
    this.#key = key;
  }

  /** Nonce (12 bytes, random) followed by the AES-256-GCM cipher text. */
  seal(place: readonly string[], plain: Uint8Array): Uint8Array {
    const nonce = this.#random.bytes(12);
    const aad = transcript("latchkey/v1/vault", ...place);
    return concat(nonce, this.#crypto.aesGcmSeal(this.#key.bytes, nonce, aad, plain));
  }

  /** @throws storage-corrupt when the bytes were sealed for another place or under another key */
  open(place: readonly string[], sealed: Uint8Array): Secret {
    const aad = transcript("latchkey/v1/vault", ...place);
    const nonce = sealed.subarray(0, 12);
    const plain =
      nonce.length === 12
        ? this.#crypto.aesGcmOpen(this.#key.bytes, nonce, aad, sealed.subarray(12))
        : undefined;
    if (plain === undefined) {
      throw new LatchkeyError("storage-corrupt", {
        message:
          "A stored key does not open: the key-encryption key is not the one it was sealed with.",
      });
    }
    return new Secret(plain);
  }
}
