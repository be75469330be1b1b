import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import type { Secret } from "../../protocol/crypto/secret.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Random, Storage } from "../../protocol/platform.ts";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

export interface SealedValuesOptions {
  readonly storage: Storage;
  readonly crypto: Pick<CryptoProvider, "aesGcmSeal" | "aesGcmOpen">;
  readonly random: Random;
  /** 32 bytes; see `deviceKey`. */
  readonly key: Secret;
  /** The values that are kept sealed, and the length that each has when it is open. */
  readonly sealed: Readonly<Record<string, number>>;
}

/**
 * A storage that keeps some of its values encrypted: `version 1 ‖ nonce 12 ‖ AES-256-GCM`, with
 * the value's name as associated data, so that one value cannot stand for another. The nonce is
 * random and new for each write; such a value is written once in the life of a node.
 *
 * A value that older firmware left open is sealed when the storage is opened.
 */
export class SealedValues implements Storage {
  readonly #options: SealedValuesOptions;

  /** @throws storage-full, storage-failed */
  constructor(options: SealedValuesOptions) {
    this.#options = options;
    for (const [name, length] of Object.entries(options.sealed)) this.#sealOld(name, length);
  }

  /** @throws storage-corrupt, also for a value that was sealed on another board */
  get(key: string): Uint8Array | undefined {
    const { storage, crypto } = this.#options;
    const stored = storage.get(key);
    if (stored === undefined || this.#lengthOf(key) === undefined) return stored;
    const nonce = stored.slice(1, 1 + NONCE_BYTES);
    const ct = stored.slice(1 + NONCE_BYTES);
    const readable = stored[0] === VERSION && stored.length > OVERHEAD_BYTES;
    const value = readable
      ? crypto.aesGcmOpen(this.#options.key.bytes, nonce, aad(key), ct)
      : undefined;
    if (value !== undefined) return value;
    throw new LatchkeyError("storage-corrupt", {
      message: `The stored ${key} does not open on this board.`,
      detail: { key },
    });
  }

  set(key: string, value: Uint8Array): void {
    const { storage, crypto, random } = this.#options;
    const length = this.#lengthOf(key);
    if (length === undefined) {
      storage.set(key, value);
      return;
    }
    if (value.length !== length) throw new RangeError(`${key} has ${length} bytes`);
    const nonce = random.bytes(NONCE_BYTES);
    const ct = crypto.aesGcmSeal(this.#options.key.bytes, nonce, aad(key), value);
    storage.set(key, concat(Uint8Array.of(VERSION), nonce, ct));
  }

  delete(key: string): void {
    this.#options.storage.delete(key);
  }

  #lengthOf(key: string): number | undefined {
    const { sealed } = this.#options;
    return Object.hasOwn(sealed, key) ? sealed[key] : undefined;
  }

  /** The lengths tell the two apart: a sealed value is 29 bytes longer than an open one. */
  #sealOld(name: string, length: number): void {
    let stored: Uint8Array | undefined;
    try {
      stored = this.#options.storage.get(name);
    } catch {
      return; // whoever needs it is told
    }
    if (stored?.length !== length) return;
    this.set(name, stored);
    stored.fill(0);
  }
}

function aad(name: string): Uint8Array {
  return transcript("latchkey/v1/at-rest", name);
}
