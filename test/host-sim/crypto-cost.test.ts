import assert from "node:assert/strict";
import { CryptoCost, instructionsOf } from "../../host-sim/crypto-cost.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const near = (got: number, counted: number): void =>
  assert.ok(Math.abs(got - counted) <= counted * 0.05, `${got} instead of ${counted}`);

describe("the cost of cryptography", () => {
  it("agrees with the counts where there are counts", () => {
    near(instructionsOf("portable", "sha256", 32), 12_000);
    near(instructionsOf("portable", "sha256", 1024), 65_000);
    near(2 * instructionsOf("portable", "hmacSha256", 40), 395_000);
    near(instructionsOf("portable", "aesGcmSeal", 200), 130_000);
    near(instructionsOf("portable", "aesGcmOpen", 2000), 696_000);
    assert.equal(instructionsOf("portable", "aesCbcDecrypt", 32), 34_000);
    // Ours in cycles, and 4,000 more for the call.
    near(instructionsOf("native", "hmacSha256", 32) * 1.3, 18_000 + 4_000);
    near(instructionsOf("native", "aesGcmSeal", 500) * 1.3, 190_000 + 4_000);
    near(instructionsOf("native", "aesCbcDecrypt", 32) * 1.3, 10_000 + 9_300 + 4_000);
    near(instructionsOf("native", "ed25519Sign", 64) * 1.3, 480_000);
    near(instructionsOf("native", "ed25519Verify", 64) * 1.3, 1_230_000);
    near(instructionsOf("native", "x25519", 32) * 1.3, 1_100_000);
    assert.equal(instructionsOf("portable", "ed25519Sign", 64), 2_900_000);
    assert.equal(instructionsOf("portable", "ed25519Verify", 64), 19_000_000);
  });

  it("is never zero and never falls with the length", () => {
    const operations = [
      "sha256",
      "hmacSha256",
      "aesEncryptBlock",
      "aesCbcEncrypt",
      "aesCbcDecrypt",
      "aesGcmSeal",
      "aesGcmOpen",
      "ed25519PublicKey",
      "ed25519Sign",
      "ed25519Verify",
      "x25519PublicKey",
      "x25519",
    ] as const;
    for (const profile of ["native", "portable"] as const) {
      for (const operation of operations) {
        let before = 1;
        for (const length of [0, 1, 16, 64, 200, 4096]) {
          const now = instructionsOf(profile, operation, length);
          assert.ok(now >= before, operation);
          before = now;
        }
      }
    }
  });

  it("passes in virtual time: 480,000 cycles at 150 MHz are 3.2 ms", () => {
    const world = new World({ seed: "cost", idle: () => Promise.resolve() });
    const cost = new CryptoCost({ crypto: nobleCrypto, advance: (us) => world.advance(us) });
    cost.crypto.ed25519Sign(bytes(32), bytes(40));
    near(world.nowUs(), 3_200);
    assert.equal(cost.totalUs(), world.nowUs());
  });

  it("is booked by operation, dearest first, and can be started afresh", () => {
    const cost = new CryptoCost({ crypto: nobleCrypto, advance: () => {}, profile: "portable" });
    const { crypto } = cost;
    crypto.sha256(bytes(10));
    crypto.sha256(bytes(10));
    const key = crypto.ed25519PublicKey(bytes(32));
    crypto.ed25519Verify(key, bytes(3), crypto.ed25519Sign(bytes(32), bytes(3)));
    const accounts = cost.accounts();
    assert.equal(accounts[0]!.operation, "ed25519Verify");
    assert.equal(accounts.find((account) => account.operation === "sha256")!.calls, 2);
    assert.equal(
      cost.totalUs(),
      accounts.reduce((sum, account) => sum + account.timeUs, 0),
    );
    cost.clear();
    assert.deepEqual([cost.accounts(), cost.totalUs()], [[], 0]);
  });

  it("changes no result", () => {
    const { crypto } = new CryptoCost({ crypto: nobleCrypto, advance: () => {} });
    const [key, nonce, aad, text] = [bytes(32), bytes(12), bytes(5), bytes(48)];
    const iv = bytes(16);
    assert.deepEqual(crypto.sha256(text), nobleCrypto.sha256(text));
    assert.deepEqual(crypto.hmacSha256(key, text), nobleCrypto.hmacSha256(key, text));
    assert.deepEqual(crypto.aesEncryptBlock(key, iv), nobleCrypto.aesEncryptBlock(key, iv));
    const sealed = crypto.aesGcmSeal(key, nonce, aad, text);
    assert.deepEqual(sealed, nobleCrypto.aesGcmSeal(key, nonce, aad, text));
    assert.deepEqual(crypto.aesGcmOpen(key, nonce, aad, sealed), text);
    const hidden = crypto.aesCbcEncrypt(key, iv, text);
    assert.deepEqual(crypto.aesCbcDecrypt(key, iv, hidden), text);
    const signature = crypto.ed25519Sign(key, text);
    assert.deepEqual(signature, nobleCrypto.ed25519Sign(key, text));
    assert.ok(crypto.ed25519Verify(crypto.ed25519PublicKey(key), text, signature));
    const other = crypto.x25519PublicKey(bytes(32).fill(9));
    assert.deepEqual(crypto.x25519(key, other), nobleCrypto.x25519(key, other));
    assert.match(crypto.name, /^noble, as native code/);
  });
});
