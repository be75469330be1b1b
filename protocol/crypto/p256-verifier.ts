import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../encoding/hex.ts";
import { type HumanVerifier, P256_PUBLIC_BYTES, P256_SIGNATURE_BYTES } from "./p256.ts";

/** P-256 (SP 800-186 §3.2.1.3). */
const CURVE = {
  p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  h: 1n,
  a: 0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

const Point = /* @__PURE__ */ weierstrass(CURVE);
type Point = typeof Point.BASE;

/** The point of 65 bytes, or nothing when it is not on the curve. */
function readPoint(publicKey: Uint8Array): Point | undefined {
  if (publicKey.length !== P256_PUBLIC_BYTES || publicKey[0] !== 4) return undefined;
  try {
    const point = Point.fromBytes(publicKey);
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

const number = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);

/**
 * FIPS 186-5 §6.4.2, over noble's points. Of noble's own ECDSA, which signs and recovers as well,
 * a verifier where flash is counted needs a tenth. Everything here is public: nothing has to take
 * constant time.
 */
function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const q = readPoint(publicKey);
  if (q === undefined || signature.length !== P256_SIGNATURE_BYTES) return false;
  const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
  const { n } = CURVE;
  if (r === 0n || r >= n || s === 0n || s >= n) return false;
  const { Fn } = Point;
  // Not `BASE`, for which noble would make a table of four thousand points, more than a node holds.
  const g = Point.fromAffine({ x: CURVE.Gx, y: CURVE.Gy });
  const w = Fn.inv(s);
  const u1 = Fn.mul(Fn.create(number(sha256(message))), w);
  const sum = g.multiplyUnsafe(u1).add(q.multiplyUnsafe(Fn.mul(r, w)));
  return !sum.is0() && sum.toAffine().x % n === r;
}

/** What verifying takes, and nothing that signs: for readers of credentials on small devices. */
export const nobleVerifier: HumanVerifier = Object.freeze({
  sha256: (message: Uint8Array) => sha256(message),
  p256Verify: verify,
  p256IsPublicKey: (publicKey: Uint8Array) => readPoint(publicKey) !== undefined,
});
