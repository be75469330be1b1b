import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { SdkCrypt } from "../../../firmware/platform/moddable/sdk-symmetric.ts";

/** What the SDK's C does with anything but an ArrayBuffer. */
function bytesOf(buffer: ArrayBuffer): Buffer {
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError("ArrayBuffer expected");
  return Buffer.from(buffer);
}

const bufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
const aes = (key: Buffer, mode: string): string => `aes-${key.length * 8}-${mode}`;

class FakeDigest {
  #parts: Buffer[] = [];
  readonly #finish: (data: Buffer) => Buffer;
  constructor(finish: (data: Buffer) => Buffer) {
    this.#finish = finish;
  }
  write(data: ArrayBuffer): void {
    this.#parts.push(bytesOf(data));
  }
  close(): ArrayBuffer {
    const result = this.#finish(Buffer.concat(this.#parts));
    this.#parts = [Buffer.from([0x80])]; // the state goes on from where it was: not the same again
    return bufferOf(result);
  }
}

/** GF(2^128) with the bits of SP 800-38D §6.3, one at a time. */
function multiply(x: bigint, y: bigint): bigint {
  let z = 0n;
  let v = y;
  for (let i = 127n; i >= 0n; i--) {
    if ((x >> i) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return z;
}

function ghash(key: Buffer, aad: Buffer, data: Buffer): Buffer {
  const h = BigInt(`0x${key.toString("hex")}`);
  const padded = (part: Buffer) =>
    Buffer.concat([part, Buffer.alloc((16 - (part.length % 16)) % 16)]);
  const lengths = Buffer.alloc(16);
  lengths.writeUInt32BE(aad.length * 8, 4);
  lengths.writeUInt32BE(data.length * 8, 12);
  const all = Buffer.concat([padded(aad), padded(data), lengths]);
  let y = 0n;
  for (let at = 0; at < all.length; at += 16)
    y = multiply(y ^ BigInt(`0x${all.toString("hex", at, at + 16)}`), h);
  return Buffer.from(y.toString(16).padStart(32, "0"), "hex");
}

class FakeCipher {
  readonly key: Buffer;
  constructor(_cipher: "AES", key: ArrayBuffer) {
    this.key = bytesOf(key);
  }
  encrypt(block: ArrayBuffer): ArrayBuffer {
    const cipher = createCipheriv(aes(this.key, "ecb"), this.key, null).setAutoPadding(false);
    return bufferOf(cipher.update(bytesOf(block).subarray(0, 16)));
  }
}

class FakeMode {
  readonly #mode: string;
  readonly #key: Buffer;
  readonly #iv: Buffer;
  constructor(mode: "CBC" | "CTR", cipher: object, iv: ArrayBuffer) {
    this.#mode = mode.toLowerCase();
    this.#key = (cipher as FakeCipher).key;
    this.#iv = bytesOf(iv);
  }
  encrypt(data: ArrayBuffer): ArrayBuffer {
    return this.#run(createCipheriv, data);
  }
  decrypt(data: ArrayBuffer): ArrayBuffer {
    return this.#run(this.#mode === "ctr" ? createCipheriv : createDecipheriv, data);
  }
  /** A rest that fills no block stays zero, as in the SDK. */
  #run(make: typeof createCipheriv | typeof createDecipheriv, data: ArrayBuffer): ArrayBuffer {
    const bytes = bytesOf(data);
    const cipher = make(aes(this.#key, this.#mode), this.#key, this.#iv) as ReturnType<
      typeof createCipheriv
    >;
    cipher.setAutoPadding(false);
    const out = new Uint8Array(bytes.length);
    out.set(cipher.update(bytes));
    return out.buffer;
  }
}

/** The SDK's module `crypt`, made of node:crypto, with the manners that its users must know. */
export const fakeCrypt: SdkCrypt = {
  Digest: class extends FakeDigest {
    constructor(type: "SHA256" | "SHA512") {
      super((data) => createHash(type.toLowerCase()).update(data).digest());
    }
  },
  GHASH: class extends FakeDigest {
    constructor(key: ArrayBuffer, aad: ArrayBuffer) {
      super((data) => ghash(bytesOf(key), bytesOf(aad), data));
    }
  },
  BlockCipher: FakeCipher,
  Mode: FakeMode,
};
