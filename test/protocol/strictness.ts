/** Signatures and keys that RFC 8032 leaves open, and that no provider of ours takes. */
import assert from "node:assert/strict";
import { toLittleEndian } from "../../protocol/crypto/curve25519/field.ts";
import { L } from "../../protocol/crypto/curve25519/scalar.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";

/** Adds the tests to the suite around it. */
export function testStrictness(provider: () => CryptoProvider): void {
  it("refuses a signature to which L was added", () => {
    const crypto = provider();
    const seed = new Uint8Array(32).fill(9);
    const message = fromHex("00");
    const signature = crypto.ed25519Sign(seed, message);
    let carry = 0;
    const order = toLittleEndian(L);
    for (let i = 0; i < 32; i++) {
      const sum = signature[32 + i]! + order[i]! + carry;
      signature[32 + i] = sum & 255;
      carry = sum >> 8;
    }
    assert.equal(crypto.ed25519Verify(crypto.ed25519PublicKey(seed), message, signature), false);
  });

  it("refuses keys of small order and keys with more than one spelling", () => {
    const crypto = provider();
    // The eight points of small order, as far as they have canonical encodings, and y = p, p + 1.
    const keys = [
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000080",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0100000000000000000000000000000000000000000000000000000000000080",
    ].map((hex) => fromHex(hex));
    for (const key of keys) {
      // s = 0 and R = the identity: fits every message under a key of small order.
      const signature = new Uint8Array(64);
      signature[0] = 1;
      for (let i = 0; i < 8; i++)
        assert.equal(crypto.ed25519Verify(key, Uint8Array.of(i), signature), false, toHex(key));
    }
  });
}
