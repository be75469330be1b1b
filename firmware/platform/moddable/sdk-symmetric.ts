import type { SymmetricCrypto } from "../../../protocol/crypto/compose.ts";
import { constantTimeEqual } from "../../../protocol/crypto/constant-time.ts";
import { concat, xor } from "../../../protocol/encoding/bytes.ts";

/** A digest or GHASH of the SDK: `close` ends it, and a second `close` gives something else. */
interface SdkDigest {
  write(data: ArrayBuffer): void;
  close(): ArrayBuffer;
}
interface SdkBlockCipher {
  encrypt(block: ArrayBuffer): ArrayBuffer;
}
interface SdkMode {
  encrypt(data: ArrayBuffer): ArrayBuffer;
  decrypt(data: ArrayBuffer): ArrayBuffer;
}

/** What is used of the Moddable SDK's module `crypt` (modules/crypt/digest, SDK 8.2). */
export interface SdkCrypt {
  readonly Digest: new (type: "SHA256" | "SHA512") => SdkDigest;
  readonly GHASH: new (key: ArrayBuffer, aad: ArrayBuffer) => SdkDigest;
  readonly BlockCipher: new (cipher: "AES", key: ArrayBuffer) => SdkBlockCipher;
  readonly Mode: new (mode: "CBC" | "CTR", cipher: SdkBlockCipher, iv: ArrayBuffer) => SdkMode;
}

const SHA256_BLOCK = 64;
const TAG_BYTES = 16;

/**
 * An ArrayBuffer of exactly these bytes. The SDK's functions take no views, or take them whole;
 * and its GHASH reads eight bytes at a time, which on a Cortex-M33 must be aligned.
 */
export function exact(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

/** The same for what is only read: an array that is all of its buffer need not be copied. */
function readable(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  return buffer.byteLength === bytes.length ? (buffer as ArrayBuffer) : exact(bytes);
}

function aesKey(key: Uint8Array): ArrayBuffer {
  if (key.length !== 16 && key.length !== 32) throw new RangeError("aes: a key has 16 or 32 bytes");
  return exact(key);
}

/**
 * Hashes and ciphers of the Moddable SDK, in C. Its own GCM (modules/crypt/etc/gcm.js) is left
 * alone: it makes the counter block by way of a BigInt, so that a nonce that begins with zero
 * bytes becomes a shorter one, and it says `undefined` where others throw.
 *
 * Not constant-time: AES reads tables, GHASH branches on its state (docs/security.md).
 */
export function sdkSymmetric(
  crypt: SdkCrypt,
): SymmetricCrypto & { sha512(message: Uint8Array): Uint8Array } {
  const { Digest, GHASH, BlockCipher, Mode } = crypt;

  function digest(type: "SHA256" | "SHA512", ...parts: readonly Uint8Array[]): Uint8Array {
    const hash = new Digest(type);
    for (let i = 0; i < parts.length; i++)
      if (parts[i]!.length > 0) hash.write(readable(parts[i]!));
    return new Uint8Array(hash.close());
  }

  function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
    const block = new Uint8Array(SHA256_BLOCK);
    block.set(key.length > SHA256_BLOCK ? digest("SHA256", key) : key);
    const padded = (byte: number) => xor(block, new Uint8Array(SHA256_BLOCK).fill(byte));
    const inner = padded(0x36);
    const outer = padded(0x5c);
    const mac = digest("SHA256", outer, digest("SHA256", inner, message));
    for (const secret of [block, inner, outer]) secret.fill(0);
    return mac;
  }

  function cbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array): [SdkMode, ArrayBuffer] {
    if (iv.length !== 16) throw new RangeError("cbc: an iv has 16 bytes");
    // A rest that fills no block would be left out in silence.
    if (data.length % 16 !== 0) throw new RangeError("cbc: the length must be a multiple of 16");
    return [new Mode("CBC", new BlockCipher("AES", aesKey(key)), exact(iv)), exact(data)];
  }

  /** SP 800-38D §7: J0 = nonce ‖ 1, data from J0 + 1 on, the tag masked with E(J0). */
  function gcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) {
    if (nonce.length !== 12) throw new RangeError("gcm: a nonce has 12 bytes");
    const cipher = new BlockCipher("AES", aesKey(key));
    const counter = (value: number) => {
      const block = new Uint8Array(16);
      block.set(nonce);
      block[15] = value;
      return block.buffer;
    };
    const stream = new Mode("CTR", cipher, counter(2));
    const hashKey = cipher.encrypt(new ArrayBuffer(16));
    return {
      crypt: (data: Uint8Array) =>
        data.length === 0 ? new Uint8Array(0) : new Uint8Array(stream.encrypt(readable(data))),
      tag: (sealed: Uint8Array) => {
        const ghash = new GHASH(hashKey, readable(aad));
        if (sealed.length > 0) ghash.write(readable(sealed));
        const tag = new Uint8Array(ghash.close());
        const mask = new Uint8Array(cipher.encrypt(counter(1)));
        for (let i = 0; i < TAG_BYTES; i++) tag[i] = tag[i]! ^ mask[i]!;
        return tag;
      },
    };
  }

  return Object.freeze({
    sha256: (message: Uint8Array) => digest("SHA256", message),
    sha512: (message: Uint8Array) => digest("SHA512", message),
    hmacSha256: hmac,
    aesEncryptBlock: (key: Uint8Array, block: Uint8Array) => {
      if (block.length !== 16) throw new RangeError("aes: a block has 16 bytes");
      return new Uint8Array(new BlockCipher("AES", aesKey(key)).encrypt(exact(block)));
    },
    aesCbcEncrypt: (key: Uint8Array, iv: Uint8Array, plain: Uint8Array) => {
      const [mode, data] = cbc(key, iv, plain);
      return new Uint8Array(mode.encrypt(data));
    },
    aesCbcDecrypt: (key: Uint8Array, iv: Uint8Array, cipher: Uint8Array) => {
      const [mode, data] = cbc(key, iv, cipher);
      return new Uint8Array(mode.decrypt(data));
    },
    aesGcmSeal: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) => {
      const { crypt: encrypt, tag } = gcm(key, nonce, aad);
      const sealed = encrypt(plain);
      return concat(sealed, tag(sealed));
    },
    aesGcmOpen: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array) => {
      const { crypt: decrypt, tag } = gcm(key, nonce, aad);
      if (sealed.length < TAG_BYTES) return undefined;
      const end = sealed.length - TAG_BYTES;
      const cipher = sealed.slice(0, end);
      // Before anything is decrypted: nobody sees plain text that was not sealed.
      if (!constantTimeEqual(tag(cipher), sealed.subarray(end))) return undefined;
      return decrypt(cipher);
    },
  });
}
