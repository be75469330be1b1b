/** The adapter to the SDK's hashes and ciphers; the C itself is judged inside the image. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { sdkSymmetric } from "../../../firmware/platform/moddable/sdk-symmetric.ts";
import { nobleCrypto } from "../../../protocol/crypto/noble.ts";
import { testSymmetric } from "../../protocol/wycheproof.ts";
import { fakeCrypt } from "./fake-crypt.ts";

const crypto = sdkSymmetric(fakeCrypt);
const KEY = new Uint8Array(32).fill(5);

describe("the SDK's hashes and ciphers behind the provider's interface", () => {
  testSymmetric(crypto);

  it("take views into larger arrays for what they show, and leave them as they were", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.nat(7), (message, offset) => {
        const large = new Uint8Array(offset + message.length + 9).fill(0xee);
        large.set(message, offset);
        const before = large.slice();
        const view = large.subarray(offset, offset + message.length);
        assert.deepEqual(crypto.sha256(view), nobleCrypto.sha256(message));
        const nonce = large.subarray(0, 12).length === 12 ? large.slice(0, 12) : new Uint8Array(12);
        const sealed = crypto.aesGcmSeal(KEY, nonce, view, view);
        assert.deepEqual(sealed, nobleCrypto.aesGcmSeal(KEY, nonce, message, message));
        assert.deepEqual(crypto.aesGcmOpen(KEY, nonce, view, sealed), message);
        assert.deepEqual(large, before);
      }),
    );
  });

  it("seal under a nonce that begins with zeros as anybody else does", () => {
    for (let zeros = 0; zeros <= 12; zeros++) {
      const nonce = new Uint8Array(12).fill(7).fill(0, 0, zeros);
      const sealed = crypto.aesGcmSeal(KEY, nonce, KEY, KEY);
      assert.deepEqual(sealed, nobleCrypto.aesGcmSeal(KEY, nonce, KEY, KEY), `${zeros}`);
    }
  });

  it("refuse what the SDK would take in silence", () => {
    const block = new Uint8Array(16);
    assert.throws(() => crypto.aesCbcEncrypt(KEY, block, new Uint8Array(17)), RangeError);
    assert.throws(() => crypto.aesCbcDecrypt(KEY, new Uint8Array(15), block), RangeError);
    assert.throws(() => crypto.aesEncryptBlock(KEY, new Uint8Array(17)), RangeError);
    assert.throws(() => crypto.aesEncryptBlock(new Uint8Array(24), block), RangeError);
    assert.throws(() => crypto.aesGcmSeal(KEY, block, block, block), RangeError);
    assert.equal(crypto.aesGcmOpen(KEY, new Uint8Array(12), block, new Uint8Array(15)), undefined);
  });

  it("hash keys of HMAC that are longer than a block", () => {
    for (const length of [0, 63, 64, 65, 200]) {
      const key = new Uint8Array(length).fill(length & 255);
      assert.deepEqual(crypto.hmacSha256(key, KEY), nobleCrypto.hmacSha256(key, KEY));
    }
  });
});
