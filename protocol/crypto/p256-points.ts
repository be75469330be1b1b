/**
 * Points of P-256 (SP 800-186 §3.2.1.3) for whoever verifies: all of them are public, so nothing
 * here takes constant time, and none of it may touch a private key. With fixed parameters and one
 * use it is a twentieth of what a library for every curve brings.
 */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
/** The order of the group, a prime. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Jacobian: x/z², y/z³; z = 0 is the point at infinity. Each from 0 to p-1. */
export type P256Point = readonly [x: bigint, y: bigint, z: bigint];

const INFINITY: P256Point = Object.freeze([1n, 1n, 0n] as const);

export const P256_BASE: P256Point = Object.freeze([
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  1n,
] as const);

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** The point of these coordinates, or nothing when it is not on the curve: y² = x³ - 3x + b. */
export function p256Point(x: bigint, y: bigint): P256Point | undefined {
  const onCurve = x < P && y < P && (y * y - (x * x - 3n) * x - B) % P === 0n;
  return onCurve ? [x, y, 1n] : undefined;
}

/** dbl-2001-b of the Explicit-Formulas Database, for a = -3; infinity stays what it is. */
function twice([x, y, z]: P256Point): P256Point {
  const delta = (z * z) % P;
  const gamma = (y * y) % P;
  const beta = (x * gamma) % P;
  const alpha = (3n * (x - delta) * (x + delta)) % P;
  const x3 = modulo(alpha * alpha - 8n * beta, P);
  const y3 = modulo(alpha * (4n * beta - x3) - 8n * gamma * gamma, P);
  return [x3, y3, (2n * y * z) % P];
}

/** add-1998-cmo-2 of the same, with the cases that it does not know. */
function plus(a: P256Point, b: P256Point): P256Point {
  const [x1, y1, z1] = a;
  const [x2, y2, z2] = b;
  if (z1 === 0n) return b;
  if (z2 === 0n) return a;
  const [zz1, zz2] = [(z1 * z1) % P, (z2 * z2) % P];
  const u1 = (x1 * zz2) % P;
  const s1 = (y1 * ((z2 * zz2) % P)) % P;
  const h = modulo(x2 * zz1 - u1, P);
  const r = modulo(y2 * ((z1 * zz1) % P) - s1, P);
  if (h === 0n) return r === 0n ? twice(a) : INFINITY;
  const hh = (h * h) % P;
  const hhh = (h * hh) % P;
  const v = (u1 * hh) % P;
  const x3 = modulo(r * r - hhh - 2n * v, P);
  return [x3, modulo(r * (v - x3) - s1 * hhh, P), (((z1 * z2) % P) * h) % P];
}

/** `i·p + j·q`, bit by bit of both at once (Shamir's trick); `i` and `j` from 0 to n-1. */
export function p256Sum(i: bigint, p: P256Point, j: bigint, q: P256Point): P256Point {
  const both = plus(p, q);
  let sum = INFINITY;
  for (let bit = 255n; bit >= 0n; bit--) {
    sum = twice(sum);
    const [one, other] = [(i >> bit) & 1n, (j >> bit) & 1n];
    if (one === 1n) sum = plus(sum, other === 1n ? both : p);
    else if (other === 1n) sum = plus(sum, q);
  }
  return sum;
}

/** Whether the point's x, modulo the order, is `r`, which is from 1 to n-1. */
export function p256HasX([x, , z]: P256Point, r: bigint): boolean {
  if (z === 0n) return false;
  const zz = (z * z) % P;
  // x is below p, which is above n: two numbers have that rest.
  return (r * zz - x) % P === 0n || (r + P256_ORDER < P && ((r + P256_ORDER) * zz - x) % P === 0n);
}

/** The inverse of 1 to n-1 modulo the order, by Euclid. */
export function p256Inverse(value: bigint): bigint {
  let [r, next] = [P256_ORDER, value];
  let [t, nextT] = [0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return modulo(t, P256_ORDER);
}
