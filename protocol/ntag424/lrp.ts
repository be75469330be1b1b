import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";

/**
 * The leakage resilient primitive of NXP AN12304: AES-128 whose key changes with every half byte
 * of the input, so that no key is ever used on data that an attacker knows or chooses.
 * The section numbers here are those of AN12304.
 */
const BLOCK = 16;
/** m = 4: the input is taken four bits at a time, hence 16 secret plaintexts (§2.1). */
const PLAINTEXTS = 16;
const STEP = 0x55;
const TAKE = 0xaa;

function filledBlock(value: number): Uint8Array {
  return new Uint8Array(BLOCK).fill(value);
}

/** generatePlaintexts(4, k) (§2.1, algorithm 1): 16 blocks one after the other, 256 bytes. */
export function lrpPlaintexts(crypto: CryptoProvider, key: Uint8Array): Uint8Array {
  const step = filledBlock(STEP);
  const take = filledBlock(TAKE);
  const out = new Uint8Array(PLAINTEXTS * BLOCK);
  let h = crypto.aesEncryptBlock(key, step);
  for (let i = 0; i < PLAINTEXTS; i++) {
    out.set(crypto.aesEncryptBlock(h, take), i * BLOCK);
    h = crypto.aesEncryptBlock(h, step);
  }
  h.fill(0);
  return out;
}

/** generateUpdatedKeys(count, k) (§2.1, algorithm 2): `count` keys of 16 bytes, in their order. */
export function lrpUpdatedKeys(
  crypto: CryptoProvider,
  key: Uint8Array,
  count: number,
): Uint8Array[] {
  const step = filledBlock(STEP);
  const take = filledBlock(TAKE);
  const out: Uint8Array[] = [];
  let h = crypto.aesEncryptBlock(key, take);
  for (let i = 0; i < count; i++) {
    out.push(crypto.aesEncryptBlock(h, take));
    h = crypto.aesEncryptBlock(h, step);
  }
  h.fill(0);
  return out;
}

/** A key as LRP works with it: the secret plaintexts and one updated key. */
export class LrpKey {
  readonly #plaintexts: Secret;
  readonly #updatedKey: Secret;

  /** Takes both arrays over. */
  constructor(plaintexts: Uint8Array, updatedKey: Uint8Array) {
    this.#plaintexts = new Secret(plaintexts, PLAINTEXTS * BLOCK, "lrp plaintexts");
    this.#updatedKey = new Secret(updatedKey, BLOCK, "lrp updated key");
  }

  get updatedKey(): Uint8Array {
    return this.#updatedKey.bytes;
  }

  /** Secret plaintext `nibble`, 0 to 15: a view, not to be kept. */
  plaintext(nibble: number): Uint8Array {
    return this.#plaintexts.bytes.subarray(nibble * BLOCK, (nibble + 1) * BLOCK);
  }

  wipe(): void {
    this.#plaintexts.wipe();
    this.#updatedKey.wipe();
  }
}

/** The LRP keys of one AES key, by updated key 0, 1, … `count - 1`; each owns its copy. */
export function lrpKeys(crypto: CryptoProvider, key: Uint8Array, count: number): LrpKey[] {
  const plaintexts = lrpPlaintexts(crypto, key);
  const keys = lrpUpdatedKeys(crypto, key, count).map(
    (updatedKey) => new LrpKey(plaintexts.slice(), updatedKey),
  );
  plaintexts.fill(0);
  return keys;
}

/** The half bytes of some bytes, the high one first. */
export function nibblesOf(bytes: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i]! >> 4, bytes[i]! & 15);
  return out;
}

/** evalLRP (§2.2, algorithm 3): 16 bytes from half bytes; `final` hides the last key. */
export function evalLrp(
  crypto: CryptoProvider,
  key: LrpKey,
  nibbles: readonly number[],
  final: boolean,
): Uint8Array {
  let y: Uint8Array = key.updatedKey.slice();
  for (const nibble of nibbles) {
    const next = crypto.aesEncryptBlock(y, key.plaintext(nibble));
    y.fill(0);
    y = next;
  }
  if (!final) return y;
  const out = crypto.aesEncryptBlock(y, new Uint8Array(BLOCK));
  y.fill(0);
  return out;
}

/** The counter `blocks` further on, MSB first, in its own width: it wraps like the chip's (§2.3). */
export function advanceCounter(counter: Uint8Array, blocks: number): Uint8Array {
  const out = counter.slice();
  let carry = blocks;
  for (let i = out.length - 1; i >= 0 && carry > 0; i--) {
    carry += out[i]!;
    out[i] = carry & 255;
    carry = Math.floor(carry / 256);
  }
  return out;
}

type Direction = "encrypt" | "decrypt";

function lricb(
  crypto: CryptoProvider,
  key: LrpKey,
  counter: Uint8Array,
  data: Uint8Array,
  direction: Direction,
): Uint8Array {
  if (data.length % BLOCK !== 0) throw new RangeError("lricb: whole blocks of 16 bytes only");
  const zeroIv = new Uint8Array(BLOCK);
  const out = new Uint8Array(data.length);
  for (let at = 0, block = 0; at < data.length; at += BLOCK, block++) {
    const blockKey = evalLrp(crypto, key, nibblesOf(advanceCounter(counter, block)), true);
    const part = data.subarray(at, at + BLOCK);
    const done =
      direction === "encrypt"
        ? crypto.aesEncryptBlock(blockKey, part)
        : crypto.aesCbcDecrypt(blockKey, zeroIv, part);
    out.set(done, at);
    blockKey.fill(0);
  }
  return out;
}

/**
 * LRICBEnc (§2.3, algorithm 4): each block under a key of its own, made of `counter` (any width,
 * MSB first) and the blocks before it. The caller moves the counter on: {@link advanceCounter}.
 */
export function lricbEncrypt(
  crypto: CryptoProvider,
  key: LrpKey,
  counter: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  return lricb(crypto, key, counter, plain, "encrypt");
}

/** LRICBDec (§2.3, algorithm 5). */
export function lricbDecrypt(
  crypto: CryptoProvider,
  key: LrpKey,
  counter: Uint8Array,
  cipher: Uint8Array,
): Uint8Array {
  return lricb(crypto, key, counter, cipher, "decrypt");
}
