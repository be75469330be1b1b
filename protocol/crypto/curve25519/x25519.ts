import { multiplyBase } from "./comb.ts";
import { canonical, fromLittleEndian, invert, mul, sub, toLittleEndian } from "./field.ts";
import { L, oddForm } from "./scalar.ts";

/** RFC 7748 §5: (486662 - 2) / 4. */
const A24 = 121665n;

function clamped(privateKey: Uint8Array): Uint8Array {
  if (privateKey.length !== 32) throw new RangeError("x25519: a private key has 32 bytes");
  const scalar = privateKey.slice();
  scalar[0] = scalar[0]! & 0xf8;
  scalar[31] = (scalar[31]! & 0x7f) | 0x40;
  return scalar;
}

/**
 * The public key of a private key (RFC 7748 §6.1): the base point is multiplied on the Edwards
 * curve, where there is a table for it, and carried over by u = (1 + y) / (1 - y) (§4.1).
 */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  const scalar = clamped(privateKey);
  const odd = oddForm(fromLittleEndian(scalar) % L);
  const { Y, Z } = multiplyBase(odd);
  scalar.fill(0);
  odd.fill(0);
  return toLittleEndian(canonical(mul(Z + Y, invert(sub(Z, Y)))));
}

/**
 * The shared secret by the ladder of RFC 7748 §5, 255 equal steps, or `undefined` when it is all
 * zero (§6.1).
 */
export function agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== 32) throw new RangeError("x25519: a public key has 32 bytes");
  const scalar = clamped(privateKey);
  const masked = publicKey.slice();
  masked[31] = masked[31]! & 0x7f;
  const u = canonical(fromLittleEndian(masked));
  // Pairs, so that the bit picks an index and not a path.
  let x = [1n, u];
  let z = [0n, 1n];
  for (let t = 254; t >= 0; t--) {
    const bit = (scalar[t >> 3]! >> (t & 7)) & 1;
    const [x2, z2, x3, z3] = [x[bit]!, z[bit]!, x[1 - bit]!, z[1 - bit]!];
    const a = x2 + z2;
    const b = sub(x2, z2);
    const aa = mul(a, a);
    const bb = mul(b, b);
    const e = sub(aa, bb);
    const da = mul(sub(x3, z3), a);
    const cb = mul(x3 + z3, b);
    const sum = da + cb;
    const difference = sub(da, cb);
    const doubledX = mul(aa, bb);
    const doubledZ = mul(e, aa + A24 * e);
    const addedX = mul(sum, sum);
    const addedZ = mul(u, mul(difference, difference));
    x = bit === 0 ? [doubledX, addedX] : [addedX, doubledX];
    z = bit === 0 ? [doubledZ, addedZ] : [addedZ, doubledZ];
  }
  scalar.fill(0);
  const shared = canonical(mul(x[0]!, invert(z[0]!)));
  return shared > 0n ? toLittleEndian(shared) : undefined;
}
