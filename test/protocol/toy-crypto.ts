import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { concat, equalBytes } from "../../protocol/encoding/bytes.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

/**
 * Elliptic curves take seconds on the interpreter. Where a test is about retries and clocks,
 * these stand in: they have the shape and the algebra of signatures and key agreement, and no
 * security whatever. Everything else is the real thing.
 */
const PRIME = 67_108_859; // the largest below 2^26, so that products stay exact
const GENERATOR = 2;

function power(base: number, exponent: number): number {
  let result = 1;
  for (let b = base % PRIME, e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = (result * b) % PRIME;
    b = (b * b) % PRIME;
  }
  return result;
}

const readNumber = (bytes: Uint8Array) =>
  (bytes[0]! % 4) * 16_777_216 + bytes[1]! * 65_536 + bytes[2]! * 256 + bytes[3]!;

function writeNumber(value: number): Uint8Array {
  const out = new Uint8Array(32);
  for (let i = 3, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
}

function sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const half = nobleCrypto.hmacSha256(publicKey, message);
  return concat(half, half);
}

const publicKey = (seed: Uint8Array) => nobleCrypto.sha256(concat(toUtf8("toy"), seed));

export const toyCrypto: CryptoProvider = Object.freeze({
  ...nobleCrypto,
  name: "toy",
  ed25519PublicKey: publicKey,
  ed25519Sign: (seed: Uint8Array, message: Uint8Array) => sign(publicKey(seed), message),
  ed25519Verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    equalBytes(sign(key, message), signature),
  x25519PublicKey: (key: Uint8Array) => writeNumber(power(GENERATOR, readNumber(key))),
  x25519: (key: Uint8Array, peer: Uint8Array) => {
    const base = readNumber(peer);
    return base === 0 ? undefined : writeNumber(power(base, readNumber(key)));
  },
});
