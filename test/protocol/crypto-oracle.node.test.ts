import assert from "node:assert/strict";
import * as node from "node:crypto";
import { cmac } from "@noble/ciphers/aes.js";
import fc from "fast-check";
import { aesCmac } from "../../protocol/crypto/cmac.ts";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { fromBase64, toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { parses } from "./error-code.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const aesKey = fc.oneof(exactly(16), exactly(32));

describe("our encodings agree with the runtime's", () => {
  it("base64", () => {
    fc.assert(
      fc.property(bytes(100), (value) => {
        assert.equal(toBase64(value), Buffer.from(value).toString("base64"));
        assert.equal(toBase64Url(value), Buffer.from(value).toString("base64url"));
        assert.deepEqual(fromBase64(Buffer.from(value).toString("base64")), value);
      }),
    );
  });

  it("UTF-8 of long texts, whatever stands where two pieces meet", () => {
    const encoder = new TextEncoder();
    for (const odd of ["🚪", "\ud83d", "\udeaa", "\ud83d\ud83d", "é", "€"])
      for (let before = 250; before < 260; before++) {
        const text = "a".repeat(before) + odd + "b".repeat(300) + odd;
        assert.deepEqual(toUtf8(text), new Uint8Array(encoder.encode(text)));
      }
  });

  it("UTF-8, in what is valid and what is not", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const encoder = new TextEncoder();
    fc.assert(
      fc.property(
        fc.string({ unit: fc.nat(0xffff).map((c) => String.fromCharCode(c)) }),
        (text) => {
          assert.deepEqual(toUtf8(text), new Uint8Array(encoder.encode(text)));
        },
      ),
    );
    fc.assert(
      fc.property(bytes(8), (value) => {
        const ours = parses(() => fromUtf8(value), "malformed");
        let theirs = true;
        try {
          strict.decode(value);
        } catch {
          theirs = false;
        }
        assert.equal(ours, theirs);
        if (ours) assert.equal(fromUtf8(value), strict.decode(value));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("our cryptography agrees with other implementations", () => {
  it("AES-CMAC with noble's", () => {
    fc.assert(
      fc.property(aesKey, bytes(100), (key, message) => {
        assert.deepEqual(aesCmac(crypto, key, message), cmac(message, key));
      }),
    );
  });

  it("HKDF with node:crypto's", () => {
    fc.assert(
      fc.property(
        bytes(80),
        bytes(80),
        bytes(40),
        fc.integer({ min: 1, max: 200 }),
        (ikm, salt, info, length) => {
          const theirs = new Uint8Array(node.hkdfSync("sha256", ikm, salt, info, length));
          assert.deepEqual(hkdf(crypto, ikm, salt, info, length), theirs);
        },
      ),
    );
  });

  it("AES-GCM with node:crypto's", () => {
    fc.assert(
      fc.property(aesKey, exactly(12), bytes(40), bytes(100), (key, nonce, aad, plain) => {
        const name = key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
        const cipher = node.createCipheriv(name, key, nonce);
        cipher.setAAD(aad);
        const theirs = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
        const ours = crypto.aesGcmSeal(key, nonce, aad, plain);
        assert.deepEqual(ours, new Uint8Array(theirs));
        assert.deepEqual(crypto.aesGcmOpen(key, nonce, aad, ours), plain);
      }),
    );
  });

  it("Ed25519 with node:crypto's", () => {
    const prefix = Buffer.from("302e020100300506032b657004220420", "hex"); // RFC 8410 §7
    fc.assert(
      fc.property(exactly(32), bytes(60), (seed, message) => {
        const der = Buffer.concat([prefix, seed]);
        const key = node.createPrivateKey({ key: der, format: "der", type: "pkcs8" });
        const theirs = new Uint8Array(node.sign(null, message, key));
        assert.deepEqual(crypto.ed25519Sign(seed, message), theirs);
        assert.equal(crypto.ed25519Verify(crypto.ed25519PublicKey(seed), message, theirs), true);
      }),
      { numRuns: 20 },
    );
  });
});
