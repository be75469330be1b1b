import {
  canonical,
  equal,
  fromLittleEndian,
  invert,
  mul,
  P,
  powerForRoot,
  sub,
  toLittleEndian,
} from "./field.ts";

/**
 * Points of edwards25519, -x² + y² = 1 + d x² y² (RFC 8032 §5.1), in extended coordinates:
 * x = X/Z, y = Y/Z, xy = T/Z. The formulas are complete: there is no exceptional pair of points.
 */
export interface Point {
  readonly X: bigint;
  readonly Y: bigint;
  readonly Z: bigint;
  readonly T: bigint;
}

/** A point prepared for being added: Y + X, Y - X, 2dT, 2Z. */
export interface CachedPoint {
  readonly plus: bigint;
  readonly minus: bigint;
  readonly t2d: bigint;
  readonly z2: bigint;
}

/** The same with Z = 1: y + x, y - x, 2dxy. */
export interface AffineCached {
  readonly plus: bigint;
  readonly minus: bigint;
  readonly t2d: bigint;
}

// RFC 8032 §5.1 Table 1 and §5.1.3.
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const D2 = (2n * D) % P;
const ROOT_OF_MINUS_ONE =
  19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960n;

export const IDENTITY: Point = Object.freeze({ X: 0n, Y: 1n, Z: 1n, T: 0n });
export const BASE: Point = Object.freeze({
  X: BASE_X,
  Y: BASE_Y,
  Z: 1n,
  T: (BASE_X * BASE_Y) % P,
});

/** 2 Q (dbl-2008-hwcd with a = -1). `T` is needed only before an addition. */
export function double({ X, Y, Z }: Point): Point {
  const a = mul(X, X);
  const b = mul(Y, Y);
  const c = 2n * mul(Z, Z);
  const both = X + Y;
  const h = a + b;
  const e = sub(h, mul(both, both));
  const g = sub(a, b);
  const f = c + g;
  return { X: mul(e, f), Y: mul(g, h), Z: mul(f, g), T: mul(e, h) };
}

export function cache({ X, Y, Z, T }: Point): CachedPoint {
  return { plus: Y + X, minus: sub(Y, X), t2d: mul(T, D2), z2: 2n * Z };
}

/** Q + R, or Q - R (add-2008-hwcd-3 with a = -1). */
export function add({ X, Y, Z, T }: Point, other: CachedPoint, negate = false): Point {
  const a = mul(sub(Y, X), negate ? other.plus : other.minus);
  const b = mul(Y + X, negate ? other.minus : other.plus);
  const c = mul(T, other.t2d);
  const d = mul(Z, other.z2);
  const e = sub(b, a);
  const f = negate ? d + c : sub(d, c);
  const g = negate ? sub(d, c) : d + c;
  const h = b + a;
  return { X: mul(e, f), Y: mul(g, h), Z: mul(f, g), T: mul(e, h) };
}

/** Q + R for a prepared R with Z = 1 (madd-2008-hwcd-3). */
export function addAffine({ X, Y, Z, T }: Point, { plus, minus, t2d }: AffineCached): Point {
  const a = mul(sub(Y, X), minus);
  const b = mul(Y + X, plus);
  const c = mul(T, t2d);
  const d = 2n * Z;
  const e = sub(b, a);
  const f = sub(d, c);
  const g = d + c;
  const h = b + a;
  return { X: mul(e, f), Y: mul(g, h), Z: mul(f, g), T: mul(e, h) };
}

/** -R. */
export function negated({ plus, minus, t2d }: AffineCached): AffineCached {
  return { plus: minus, minus: plus, t2d: sub(0n, t2d) };
}

/** Several points with Z = 1, for the price of one inversion. */
export function affineCached(points: readonly Point[]): AffineCached[] {
  const products: bigint[] = [];
  let product = 1n;
  for (const { Z } of points) {
    products.push(product);
    product = mul(product, Z);
  }
  let inverse = invert(product);
  const cached: AffineCached[] = [];
  for (let i = points.length - 1; i >= 0; i--) {
    const { X, Y, Z } = points[i]!;
    const z = mul(inverse, products[i]!);
    inverse = mul(inverse, Z);
    const [x, y] = [mul(X, z), mul(Y, z)];
    const entry = {
      plus: canonical(x + y),
      minus: canonical(sub(y, x)),
      t2d: canonical(mul(mul(x, y), D2)),
    };
    cached.push(Object.freeze(entry));
  }
  return cached.reverse();
}

/** RFC 8032 §5.1.2: y, and the lowest bit of x above it. */
export function encode({ X, Y, Z }: Point): Uint8Array {
  const z = invert(Z);
  const bytes = toLittleEndian(canonical(mul(Y, z)));
  bytes[31] = bytes[31]! | (Number(canonical(mul(X, z)) & 1n) << 7);
  return bytes;
}

/** RFC 8032 §5.1.3, strictly: `undefined` for what is no canonical encoding of a point. */
export function decode(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== 32) return undefined;
  const masked = bytes.slice();
  const sign = masked[31]! >> 7;
  masked[31] = masked[31]! & 0x7f;
  const y = fromLittleEndian(masked);
  if (!(y < P)) return undefined;
  const ySquared = mul(y, y);
  const u = sub(ySquared, 1n);
  const v = mul(ySquared, D) + 1n;
  // x = u v³ (u v⁷)^((p-5)/8)
  const v3 = mul(mul(v, v), v);
  const v7 = mul(mul(v3, v3), v);
  let x = mul(mul(u, v3), powerForRoot(mul(u, v7)));
  const check = mul(v, mul(x, x));
  if (!equal(check, u)) {
    if (!equal(check, sub(0n, u))) return undefined;
    x = mul(x, ROOT_OF_MINUS_ONE);
  }
  x = canonical(x);
  if (!(x > 0n) && sign === 1) return undefined;
  if (Number(x & 1n) !== sign) x = P - x;
  return { X: x, Y: y, Z: 1n, T: mul(x, y) };
}

/** Whether eight times the point is the identity: such a key would fit many messages. */
export function hasSmallOrder(point: Point): boolean {
  const eight = double(double(double(point)));
  return equal(eight.X, 0n) && equal(eight.Y, eight.Z);
}
