import assert from "node:assert/strict";
import { nobleHuman } from "../../protocol/crypto/noble-p256.ts";
import { P256_ORDER, p256Inverse } from "../../protocol/crypto/p256-points.ts";
import { portableVerifier } from "../../protocol/crypto/p256-verifier.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

const bytes = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0"));
const number = (digits: Uint8Array): bigint => BigInt(`0x${toHex(digits)}`);
const mod = (value: bigint): bigint => ((value % P256_ORDER) + P256_ORDER) % P256_ORDER;
const message = toUtf8("open the door");
const digest = number(nobleHuman.sha256(message));
const keyOf = (secret: bigint): Uint8Array => nobleHuman.p256PublicKey(bytes(secret));
const xOf = (secret: bigint): bigint => number(keyOf(secret).subarray(1, 33)) % P256_ORDER;

/** r ‖ s by a key that is known and a number that should be random: any case can be made. */
function signatureWith(secret: bigint, k: bigint): Uint8Array {
  const r = xOf(k);
  return concat(bytes(r), bytes(mod(p256Inverse(k) * (digest + r * secret))));
}

describe("points of P-256 where only public ones are", () => {
  it("verify under keys that are the base point, its opposite, or next to them", () => {
    for (const secret of [1n, 2n, 3n, P256_ORDER - 3n, P256_ORDER - 2n, P256_ORDER - 1n])
      for (const k of [1n, 2n, 0x1234567890abcdefn]) {
        const [key, signature] = [keyOf(secret), signatureWith(secret, k)];
        assert.ok(portableVerifier.p256Verify(key, message, signature), `${secret} ${k}`);
        assert.ok(!portableVerifier.p256Verify(key, toUtf8("another"), signature));
      }
  });

  it("refuse a sum at infinity, whatever r is", () => {
    // digest·G + r·Q is nothing for Q = -digest/r·G.
    for (const r of [1n, 2n, xOf(7n)]) {
      const key = keyOf(mod(-digest * p256Inverse(r)));
      for (const s of [1n, P256_ORDER - 1n]) {
        const signature = concat(bytes(r), bytes(s));
        assert.equal(portableVerifier.p256Verify(key, message, signature), false);
      }
    }
  });

  it("come out equal where both halves of the sum are one point", () => {
    // digest·w·G = r·w·Q for Q = digest/r·G: the addition has to see that it doubles.
    const k = 11n;
    const r = xOf(k);
    const secret = mod(digest * p256Inverse(r));
    assert.ok(portableVerifier.p256Verify(keyOf(secret), message, signatureWith(secret, k)));
  });

  it("invert what there is to invert", () => {
    for (const value of [1n, 2n, digest, P256_ORDER - 1n])
      assert.equal(mod(value * p256Inverse(value)), 1n);
  });

  it("verify what noble signs, and nothing of it with a bit changed", () => {
    for (let i = 0; i < 4; i++) {
      const secret = nobleHuman.sha256(toUtf8(`secret ${i}`));
      const key = nobleHuman.p256PublicKey(secret);
      const good = nobleHuman.p256Sign(secret, message);
      assert.ok(portableVerifier.p256Verify(key, message, good));
      for (const part of ["key", "message", "signature"] as const) {
        const it = { key: key.slice(), message: message.slice(), signature: good.slice() };
        const at = (i * 37 + 5) % it[part].length;
        it[part][at] = it[part][at]! ^ (1 << (i % 8));
        assert.equal(portableVerifier.p256Verify(it.key, it.message, it.signature), false);
      }
    }
  });
});
