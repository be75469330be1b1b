/** What the C of hal/native must do wherever it is compiled for: under sanitizers, on an M33. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { nativeCurves } from "../../hal/native/native-curves.ts";
import { composeCrypto } from "../../protocol/crypto/compose.ts";
import { P } from "../../protocol/crypto/curve25519/field.ts";
import { L } from "../../protocol/crypto/curve25519/scalar.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { testStrictness } from "../protocol/strictness.ts";
import { testCurves } from "../protocol/wycheproof.ts";
import type { NativeDriver } from "../support/native-driver.ts";

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const TOP = 1n << 256n;
/** Values with a carry or a fold in each place: around p and its double, limbs all ones or zero. */
const EDGES: readonly bigint[] = [
  ...[0n, 1n, 2n, 18n, 19n, 20n, 37n, 38n, 39n, P - 1n, P, P + 1n, P + 18n, P + 19n, P + 20n],
  ...[2n * P - 1n, 2n * P, 2n * P + 1n, TOP - 1n, TOP - 2n, TOP - 38n, TOP - 39n, TOP >> 1n],
  ...Array.from({ length: 8 }, (_, i) => 0xffff_ffffn << BigInt(32 * i)),
  ...Array.from({ length: 8 }, (_, i) => TOP - 1n - (0xffff_ffffn << BigInt(32 * i))),
  ...Array.from({ length: 8 }, (_, i) => (1n << BigInt(32 * i)) - 1n),
];
/** Adds the tests of signatures and agreements. */
export function testNativeCurves(driver: () => NativeDriver): void {
  const native = () => nativeCurves(driver());
  const provider = () => composeCrypto("C", nobleCrypto, native());

  describe("on Wycheproof's vectors", () => {
    testCurves({
      ed25519Verify: (...args) => native().ed25519Verify(...args),
      x25519: (...args) => native().x25519(...args),
    });
  });

  it("makes the keys, signatures and secrets of noble's", () => {
    const crypto = provider();
    fc.assert(
      fc.property(
        exactly(32),
        fc.uint8Array({ maxLength: 300 }),
        exactly(32),
        (seed, text, peer) => {
          const key = crypto.ed25519PublicKey(seed);
          assert.deepEqual(key, nobleCrypto.ed25519PublicKey(seed));
          const signature = crypto.ed25519Sign(seed, text);
          assert.deepEqual(signature, nobleCrypto.ed25519Sign(seed, text));
          assert.equal(crypto.ed25519Verify(key, text, signature), true);
          assert.deepEqual(crypto.x25519PublicKey(seed), nobleCrypto.x25519PublicKey(seed));
          assert.deepEqual(crypto.x25519(seed, peer), nobleCrypto.x25519(seed, peer));
        },
      ),
      { numRuns: 40, seed: 25519 },
    );
  });

  testStrictness(provider);

  it("agrees with noble on private keys and points at the edges", () => {
    const crypto = provider();
    const keys = [0x00, 0xff, 0x55].map((byte) => new Uint8Array(32).fill(byte));
    for (let i = 0; i < 32; i++) keys.push(Uint8Array.from({ length: 32 }, (_, j) => +(i === j)));
    for (const key of keys)
      assert.deepEqual(crypto.x25519PublicKey(key), nobleCrypto.x25519PublicKey(key));
    for (const point of EDGES.map((edge) => toBytes(edge, 32)))
      for (const key of keys.slice(0, 4))
        assert.deepEqual(crypto.x25519(key, point), nobleCrypto.x25519(key, point), toHex(point));
  });

  it("signs messages of every length around a block of SHA-512", () => {
    const crypto = provider();
    const seed = new Uint8Array(32).fill(5);
    for (let length = 0; length < 260; length++) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
      const signature = nobleCrypto.ed25519Sign(seed, message);
      assert.equal(toHex(crypto.ed25519Sign(seed, message)), toHex(signature), `${length} bytes`);
    }
  });

  it("finds any changed bit of a signature or a key", () => {
    const crypto = provider();
    const seed = new Uint8Array(32).fill(3);
    const message = toUtf8("open the door");
    const key = crypto.ed25519PublicKey(seed);
    const signature = crypto.ed25519Sign(seed, message);
    for (let bit = 0; bit < 512; bit++) {
      const bent = signature.slice();
      bent[bit >> 3] = bent[bit >> 3]! ^ (1 << (bit & 7));
      assert.equal(crypto.ed25519Verify(key, message, bent), false, `signature bit ${bit}`);
      if (bit >= 256) continue;
      const other = key.slice();
      other[bit >> 3] = other[bit >> 3]! ^ (1 << (bit & 7));
      assert.equal(crypto.ed25519Verify(other, message, signature), false, `key bit ${bit}`);
    }
  });
}

/** Of these the ones that everything is paired with, on either side. */
const EXTREMES = [0n, 1n, 38n, P - 1n, P, 2n * P, TOP - 1n];
const element = fc.bigInt({ min: 0n, max: TOP - 1n });
const some = (count: number) => fc.sample(element, { numRuns: count, seed: 19 });

/** Adds the tests of the arithmetic below: each operation against BigInt, at its edges. */
export function testNativeField(driver: () => NativeDriver): void {
  const ask = (operation: string, ...numbers: readonly bigint[]) =>
    fromLittleEndian(driver().ask(operation, ...numbers.map((number) => toBytes(number, 32))));
  const pairs = [
    ...EDGES.flatMap((a) => EXTREMES.flatMap((b) => [[a, b] as const, [b, a] as const])),
    ...some(200).map((a, i) => [a, some(400)[200 + i]!] as const),
  ];
  const sums: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
    add: (a, b) => a + b,
    "add-twice": (a, b) => a + 2n * b,
    "add-121666": (a, b) => a + 121666n * b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    square: (a) => a * a,
    swap: (_, b) => b,
    leave: (a) => a,
  };
  for (const [name, expected] of Object.entries(sums))
    it(`${name} is right modulo p, for values that are not reduced, over its own arguments`, () => {
      for (const [a, b] of pairs)
        assert.equal(modulo(ask(name, a, b), P), modulo(expected(a, b), P), `${a}, ${b}`);
    });

  it("bytes are of the one value below p", () => {
    for (const a of [...EDGES, ...some(200)])
      assert.equal(ask("canonical", a, 0n), modulo(a, P), `${a}`);
  });

  it("inverse and root are the powers that they should be", () => {
    for (const a of [...EDGES, ...some(20)]) {
      assert.equal(modulo(ask("invert", a, 0n), P), power(a, P - 2n), `${a}`);
      assert.equal(modulo(ask("root", a, 0n), P), power(a, (P - 5n) / 8n), `${a}`);
    }
  });

  it("scalars of 512 bits are reduced modulo L", () => {
    const reduced = (value: bigint) => fromLittleEndian(driver().ask("reduce", toBytes(value, 64)));
    const multiples = [0n, 1n, 2n, 1n << 252n, (1n << 259n) - 1n, ((1n << 512n) - 1n) / L];
    for (const multiple of [...multiples, ...some(100)])
      for (const more of [-L + 1n, -1n, 0n, 1n, L - 1n, (1n << 252n) - L, (1n << 252n) - L - 1n]) {
        const value = multiple * L + more;
        if (value < 0n || value >= 1n << 512n) continue;
        assert.equal(reduced(value), value % L, `${value}`);
      }
    for (const value of [(1n << 512n) - 1n, ...some(100).map((a, i) => a * some(200)[100 + i]!)])
      assert.equal(reduced(value), value % L, `${value}`);
  });

  it("products of scalars are right modulo L", () => {
    const scalars = [0n, 1n, L - 1n, L, TOP - 1n, (1n << 255n) - 8n, ...some(4)];
    for (const a of scalars)
      for (const b of scalars)
        for (const c of [0n, L - 1n, TOP - 1n])
          assert.equal(ask("mul-add", a, b, c), (a * b + c) % L, `${a}, ${b}, ${c}`);
  });
}

const modulo = (a: bigint, m: bigint): bigint => ((a % m) + m) % m;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bit = 254n; bit >= 0n; bit--) {
    result = (result * result) % P;
    if ((exponent >> bit) & 1n) result = (result * base) % P;
  }
  return result;
}

const fromLittleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);

function toBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}
