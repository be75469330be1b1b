/** The curves written for XS against noble's, and where one of them would differ by chance. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { multiplyBase } from "../../protocol/crypto/curve25519/comb.ts";
import { add, BASE, cache, decode, encode } from "../../protocol/crypto/curve25519/edwards.ts";
import {
  canonical,
  equal,
  invert,
  mul,
  P,
  sub,
  toLittleEndian,
} from "../../protocol/crypto/curve25519/field.ts";
import { L, oddForm } from "../../protocol/crypto/curve25519/scalar.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { portableOnNoble as crypto } from "./portable-provider.ts";
import { testStrictness } from "./strictness.ts";

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const element = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n });
const EDGES = [0n, 1n, P - 1n, P, P + 1n, (1n << 255n) - 1n, 1n << 255n, (1n << 256n) - 1n];

describe("the field of curve25519", () => {
  it("agrees with plain arithmetic, at its edges too", () => {
    const check = (a: bigint, b: bigint) => {
      assert.equal(toHex(toLittleEndian(canonical(mul(a, b)))), toHex(toLittleEndian((a * b) % P)));
      const difference = (((a - b) % P) + P) % P;
      const ours = canonical(sub(a, b));
      assert.equal(toHex(toLittleEndian(ours)), toHex(toLittleEndian(difference)));
    };
    for (const a of EDGES) for (const b of EDGES) check(a, b);
    fc.assert(fc.property(element, element, check), { numRuns: 50 });
  });

  it("keeps products of unreduced factors below 2^256", () => {
    const largest = (1n << 260n) - 1n;
    assert.ok(mul(largest, largest) < 1n << 256n);
  });

  it("inverts everything but zero", () => {
    for (const a of [1n, 2n, P - 1n, P + 5n]) assert.ok(equal(mul(a, invert(a)), 1n));
    assert.ok(equal(invert(0n), 0n));
    assert.ok(equal(invert(P), 0n));
  });
});

describe("the comb of the base point", () => {
  it("gives the base point, its double and its negative", () => {
    const times = (k: bigint) => toHex(encode(multiplyBase(oddForm(((k % L) + L) % L))));
    assert.equal(times(1n), toHex(encode(BASE)));
    assert.equal(times(2n), toHex(encode(add(BASE, cache(BASE)))));
    const minus = encode(BASE);
    minus[31] = minus[31]! | 0x80;
    assert.equal(times(-1n), toHex(minus));
    assert.equal(times(0n), `01${"00".repeat(31)}`);
  });

  it("adds exactly as many points whatever the scalar is", () => {
    // Odd, and below 2^255: the digits of the recoding are odd from the first to the last.
    for (const k of [0n, 1n, 15n, 16n, L - 1n, L / 2n]) {
      const form = oddForm(k);
      assert.equal(form[0]! & 1, 1);
      assert.ok(form[31]! < 0x40);
    }
  });
});

describe("Ed25519 for XS", () => {
  it("makes the keys and signatures of noble's", () => {
    fc.assert(
      fc.property(exactly(32), fc.uint8Array({ maxLength: 80 }), (seed, message) => {
        const key = crypto.ed25519PublicKey(seed);
        assert.deepEqual(key, nobleCrypto.ed25519PublicKey(seed));
        const signature = crypto.ed25519Sign(seed, message);
        assert.deepEqual(signature, nobleCrypto.ed25519Sign(seed, message));
        assert.equal(crypto.ed25519Verify(key, message, signature), true);
        for (const at of [0, 31, 32, 63]) {
          const bent = signature.slice();
          bent[at] = bent[at]! ^ 4;
          assert.equal(crypto.ed25519Verify(key, message, bent), false);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("signs with the new key when the array of a seed was overwritten", () => {
    const seed = new Uint8Array(32).fill(1);
    crypto.ed25519Sign(seed, seed);
    seed.fill(2);
    const message = fromHex("02");
    assert.deepEqual(crypto.ed25519Sign(seed, message), nobleCrypto.ed25519Sign(seed, message));
    assert.deepEqual(crypto.ed25519PublicKey(seed), nobleCrypto.ed25519PublicKey(seed));
  });

  testStrictness(() => crypto);

  it("decodes what it encodes, and about half of all strings", () => {
    let decoded = 0;
    for (let i = 0; i < 40; i++) {
      const bytes = nobleCrypto.sha256(Uint8Array.of(i));
      const point = decode(bytes);
      if (point === undefined) continue;
      decoded++;
      assert.deepEqual(encode(point), bytes);
    }
    assert.ok(decoded >= 8 && decoded <= 32, `${decoded}`);
  });
});

describe("X25519 for XS", () => {
  it("makes the keys and secrets of noble's", () => {
    fc.assert(
      fc.property(exactly(32), exactly(32), (secret, peer) => {
        assert.deepEqual(crypto.x25519PublicKey(secret), nobleCrypto.x25519PublicKey(secret));
        assert.deepEqual(crypto.x25519(secret, peer), nobleCrypto.x25519(secret, peer));
      }),
      { numRuns: 8 },
    );
  });

  it("gives the result of RFC 7748 §5.2 after one step, and noble's after forty", () => {
    const nine = fromHex(`09${"00".repeat(31)}`);
    const steps = ({ x25519 }: Pick<CryptoProvider, "x25519">, count: number) => {
      let k = nine;
      let u = nine;
      for (let i = 0; i < count; i++) [k, u] = [x25519(k, u)!, k];
      return toHex(k);
    };
    const first = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079";
    assert.equal(steps(crypto, 1), first);
    assert.equal(steps(crypto, 40), steps(nobleCrypto, 40));
  });
});
