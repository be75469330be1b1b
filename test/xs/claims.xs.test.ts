/** What hash-based signatures cost on XS without C: why the device has keccak.c. */
import assert from "node:assert/strict";
import { createServiceEndpointClaim } from "../../protocol/claims/claim.ts";
import { inquireFirmware } from "../../protocol/claims/verify-firmware.ts";
import { wotsVerify } from "../../protocol/claims/wots.ts";
import { unsafeWotsSign } from "../../protocol/claims/wots-secret.ts";
import { nobleSha3 } from "../../protocol/crypto/noble-sha3.ts";
import { portableSha3 } from "../../protocol/crypto/portable-sha3.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import fixture from "../protocol/claims-fixture.json" with { type: "json" };
import { NOW } from "../protocol/claims-world.ts";
import { metered, reportMeter, totalCompute } from "./shims/meter.ts";

/** At 16 instructions a step, 1.3 cycles each, and 150 MHz (docs/xs.md). */
const STEPS_IN_50_MS = 360_000;

const block = new Uint8Array(32).fill(1);

describe("metering of hash-based signatures on XS", () => {
  it("hashes one block", async () => {
    await metered("sha3-256 one block, noble", () => nobleSha3.sha3_256(block));
    await metered("sha3-256 one block, portable", () => portableSha3.sha3_256(block));
    await metered("sha3-256 chain of 255, portable", () => portableSha3.sha3_256Chain(block, 255));
  });

  it("decides about firmware in turns of which none takes 50 ms", async () => {
    const installed = { product: "reader-pico-2w", securityVersion: 7, bootloader: 2 };
    const options = { nowMs: NOW, identityId: fixture.graph.document.id, installed };
    const wire = fromBase64(fixture.wire);
    const [delegation] = fixture.graph.claims;
    // As long as one may be, and looked at until its signature would be computed.
    const fields = { issuer: delegation!.proof.address, subject: fixture.graph.document.id };
    const uri = `mqtts://${"x".repeat(1500)}.example`;
    const claim = createServiceEndpointClaim(
      { ...fields, endpointType: "mqtt", uri, issuedAt: NOW - 1 },
      portableSha3,
    );
    const long = { claim, proof: delegation!.proof };
    const graph = { ...fixture.graph, claims: [delegation, long] };
    // The hashes were computed before, since on the device the C does it; signatures have turns of
    // their own (inquiry.ts).
    const digests: Uint8Array[] = [];
    const recording: Sha3 = {
      ...portableSha3,
      sha3_256: (message) => {
        const digest = portableSha3.sha3_256(message);
        digests.push(digest);
        return digest;
      },
    };
    const decide = (sha3: Sha3, turn: (work: () => void) => void) => {
      const inquiry = inquireFirmware(wire, graph, undefined, { ...options, sha3 });
      for (let done = false; !done; )
        turn(() => {
          const step = inquiry.next(true);
          done = step.done === true;
          if (step.done === true) assert.equal(step.value.decision, "accept");
        });
    };
    decide(recording, (work) => work());
    let next = 0;
    const replaying: Sha3 = { ...portableSha3, sha3_256: () => digests[next++]! };
    const turns: number[] = [];
    decide(replaying, (work) => {
      const before = totalCompute();
      work();
      turns.push(totalCompute() - before);
    });
    assert.ok(turns.length >= 4, `${turns.length} turns`);
    const longest = Math.max(...turns);
    reportMeter("firmware decision, longest turn", longest);
    assert.ok(longest < STEPS_IN_50_MS, `${longest} steps`);
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
