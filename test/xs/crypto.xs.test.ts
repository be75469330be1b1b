/** What each primitive of the noble provider costs on XS, once its tables are built. */
import assert from "node:assert/strict";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { portableOnNoble as portable } from "../protocol/portable-provider.ts";
import { metered } from "./shims/meter.ts";

const seed = new Uint8Array(32).fill(7);
const message = new Uint8Array(200).fill(1);

describe("metering of the crypto primitives on XS", () => {
  it("builds its tables once", async () => {
    await metered("tables: first Ed25519 key", () => crypto.ed25519PublicKey(seed));
    await metered("tables: first X25519 key", () => crypto.x25519PublicKey(seed));
  });

  it("makes, signs and verifies with Ed25519", async () => {
    const key = await metered("ed25519 public key", () => crypto.ed25519PublicKey(seed));
    const signature = await metered("ed25519 sign 200 B", () => crypto.ed25519Sign(seed, message));
    const good = await metered("ed25519 verify 200 B", () =>
      crypto.ed25519Verify(key, message, signature),
    );
    assert.equal(good, true);
  });

  it("agrees with X25519", async () => {
    const key = await metered("x25519 public key", () => crypto.x25519PublicKey(seed));
    const shared = await metered("x25519 shared secret", () => crypto.x25519(seed, key));
    assert.equal(shared?.length, 32);
  });

  it("hashes and derives", async () => {
    await metered("sha-256 200 B", () => crypto.sha256(message));
    await metered("hmac-sha-256 200 B", () => crypto.hmacSha256(seed, message));
    const info = new Uint8Array(20);
    const keys = await metered("hkdf-sha-256 64 B", () => hkdf(crypto, seed, seed, info, 64));
    assert.equal(keys.length, 64);
  });

  it("seals and opens with AES-GCM", async () => {
    const nonce = new Uint8Array(12);
    const sealed = await metered("aes-256-gcm seal 200 B", () =>
      crypto.aesGcmSeal(seed, nonce, seed, message),
    );
    const opened = await metered("aes-256-gcm open 200 B", () =>
      crypto.aesGcmOpen(seed, nonce, seed, sealed),
    );
    assert.deepEqual(opened, message);
  });
});

describe("metering of the curves written for XS", () => {
  it("signs and verifies", async () => {
    const key = await metered("portable ed25519 public key", () => portable.ed25519PublicKey(seed));
    const signature = await metered("portable ed25519 sign 200 B", () =>
      portable.ed25519Sign(seed, message),
    );
    const good = await metered("portable ed25519 verify 200 B", () =>
      portable.ed25519Verify(key, message, signature),
    );
    assert.equal(good, true);
  });

  it("agrees", async () => {
    const key = await metered("portable x25519 public key", () => portable.x25519PublicKey(seed));
    const shared = await metered("portable x25519 shared", () => portable.x25519(seed, key));
    assert.equal(shared?.length, 32);
  });
});
