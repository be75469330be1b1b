/** What hash-based signatures cost on XS without C: why the device has keccak.c. */
import assert from "node:assert/strict";
import { wotsVerify } from "../../protocol/claims/wots.ts";
import { unsafeWotsSign } from "../../protocol/claims/wots-secret.ts";
import { nobleSha3 } from "../../protocol/crypto/noble-sha3.ts";
import { portableSha3 } from "../../protocol/crypto/portable-sha3.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { metered } from "./shims/meter.ts";

const block = new Uint8Array(32).fill(1);

describe("metering of hash-based signatures on XS", () => {
  it("hashes one block", async () => {
    await metered("sha3-256 one block, noble", () => nobleSha3.sha3_256(block));
    await metered("sha3-256 one block, portable", () => portableSha3.sha3_256(block));
    await metered("sha3-256 chain of 255, portable", () => portableSha3.sha3_256Chain(block, 255));
  });

  it("signs and verifies with a one-time key", async () => {
    const seed = new Secret(new Uint8Array(32).fill(7));
    const { signature, publicKey } = await metered("WOTS sign and public key, portable", () =>
      unsafeWotsSign(portableSha3, seed, 0, block),
    );
    const good = await metered("WOTS verify, portable", () =>
      wotsVerify(portableSha3, publicKey, block, signature),
    );
    assert.equal(good, true);
  });
});
