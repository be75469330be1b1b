import { concat, equalBytes } from "../../encoding/bytes.ts";
import { multiplyBase } from "./comb.ts";
import {
  add,
  type CachedPoint,
  cache,
  decode,
  double,
  encode,
  hasSmallOrder,
  IDENTITY,
  type Point,
} from "./edwards.ts";
import { fromLittleEndian, toLittleEndian } from "./field.ts";
import { L, oddForm, reduce } from "./scalar.ts";

/** SHA-512 (FIPS 180-4): 64 bytes. */
export type Sha512 = (message: Uint8Array) => Uint8Array;

interface ExpandedSeed {
  readonly scalar: bigint;
  readonly prefix: Uint8Array;
}

function requireSeed(seed: Uint8Array): void {
  if (seed.length !== 32) throw new RangeError("ed25519: a seed has 32 bytes");
}

/** RFC 8032 §5.1.5, steps 1 to 3. */
function expand(sha512: Sha512, seed: Uint8Array): ExpandedSeed {
  requireSeed(seed);
  const digest = sha512(seed);
  const low = digest.slice(0, 32);
  low[0] = low[0]! & 0xf8;
  low[31] = (low[31]! & 0x7f) | 0x40;
  const expanded = { scalar: fromLittleEndian(low) % L, prefix: digest.slice(32, 64) };
  digest.fill(0);
  low.fill(0);
  return expanded;
}

function multiplied(scalar: bigint): Point {
  const odd = oddForm(scalar);
  const point = multiplyBase(odd);
  odd.fill(0);
  return point;
}

/** The public key of a seed (RFC 8032 §5.1.5). */
export function publicKeyOf(sha512: Sha512, seed: Uint8Array): Uint8Array {
  const { scalar, prefix } = expand(sha512, seed);
  prefix.fill(0);
  return encode(multiplied(scalar));
}

/**
 * RFC 8032 §5.1.6. `publicKey` must be the seed's own: a signature made with another one gives
 * the seed away. Hence it is no parameter of a provider's `ed25519Sign`.
 */
export function sign(
  sha512: Sha512,
  seed: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const { scalar, prefix } = expand(sha512, seed);
  const seeded = concat(prefix, message);
  prefix.fill(0);
  const r = reduce(sha512(seeded));
  seeded.fill(0);
  const R = encode(multiplied(r));
  const k = reduce(sha512(concat(R, publicKey, message)));
  return concat(R, toLittleEndian((r + k * scalar) % L));
}

const WINDOW = 5;

/** Width-5 non-adjacent form, lowest digit first: odd digits from -15 to 15, most of them zero. */
function nonAdjacentForm(scalar: bigint): Int8Array {
  const bytes = toLittleEndian(scalar);
  const digits = new Int8Array(257);
  for (let i = 0; i < 256; i++) digits[i] = (bytes[i >> 3]! >> (i & 7)) & 1;
  for (let i = 0; i < 257; i++) {
    if (digits[i] === 0) continue;
    let digit = 0;
    for (let j = 0; j < WINDOW && i + j < 257; j++) {
      digit += digits[i + j]! << j;
      digits[i + j] = 0;
    }
    if (digit >= 16) {
      digit -= 32;
      for (let j = i + WINDOW; j < 257; j++) {
        if (digits[j] === 0) {
          digits[j] = 1;
          break;
        }
        digits[j] = 0;
      }
    }
    digits[i] = digit;
  }
  return digits;
}

/** scalar · Q, in a time that depends on both: for public data only. */
function multiplyPublic(point: Point, scalar: bigint): Point {
  const odd: CachedPoint[] = [cache(point)];
  const twice = cache(double(point));
  let multiple = point;
  for (let i = 1; i < 8; i++) {
    multiple = add(multiple, twice);
    odd.push(cache(multiple));
  }
  const digits = nonAdjacentForm(scalar);
  let at = 256;
  while (at >= 0 && digits[at] === 0) at--;
  let sum = IDENTITY;
  for (; at >= 0; at--) {
    sum = double(sum);
    const digit = digits[at]!;
    if (digit > 0) sum = add(sum, odd[(digit - 1) >> 1]!);
    else if (digit < 0) sum = add(sum, odd[(-digit - 1) >> 1]!, true);
  }
  return sum;
}

/**
 * RFC 8032 §5.1.7 without the cofactor: `false` for anything that is not a good signature, a key
 * that is not canonically encoded or of small order included. Agrees with what the server's
 * OpenSSL accepts.
 */
export function verify(
  sha512: Sha512,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const R = signature.slice(0, 32);
  const s = fromLittleEndian(signature.slice(32));
  if (!(s < L)) return false;
  const A = decode(publicKey);
  if (A === undefined || hasSmallOrder(A)) return false;
  const k = reduce(sha512(concat(R, publicKey, message)));
  // R = s B - k A; the right side is encoded and compared, so that R is never decoded.
  const kA = multiplyPublic(A, k);
  const expected = add(multiplied(s), cache(kA), true);
  return equalBytes(encode(expected), R);
}
