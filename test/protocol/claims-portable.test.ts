import assert from "node:assert/strict";
import { resolveIdentityGraph } from "../../protocol/claims/resolve.ts";
import { verifyFirmware } from "../../protocol/claims/verify-firmware.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import fixture from "./claims-fixture.json" with { type: "json" };
import { NOW } from "./claims-world.ts";

/**
 * A root's delegation to a builder and the builder's firmware manifest, each signed by a one-time
 * key, as version 1.0.0 of the reference accepts them: on XS making signatures takes too long.
 */
const { graph } = fixture;
const wire = fromBase64(fixture.wire);
const installed = { product: "reader-pico-2w", securityVersion: 7, bootloader: 2 };

describe("a node that is offered firmware", function () {
  this.timeout(60_000);
  const at = { sha3, nowMs: NOW, identityId: graph.document.id, installed };

  it("verifies the builder's delegation and manifest, and accepts", () => {
    const decision = verifyFirmware(wire, graph, undefined, at);
    assert.equal(decision.decision, "accept", JSON.stringify(decision));
  });

  it("refuses it without the delegation, or with another's, before any signature is computed", () => {
    const counting = {
      ...sha3,
      sha3_256Chain: () => assert.fail("a signature was computed"),
    };
    const none = resolveIdentityGraph({ ...graph, claims: [] }, { ...at, sha3: counting });
    assert.deepEqual(none.resolved?.delegates, []);
    const [claim] = graph.claims;
    const other = { ...claim, claim: { ...claim!.claim, object: graph.document.rootAddress } };
    const forged = resolveIdentityGraph({ ...graph, claims: [other] }, { ...at, sha3: counting });
    assert.equal(forged.errors[0]?.code, "id-mismatch");
    const old = { ...at, sha3: counting, installed: { ...installed, securityVersion: 8 } };
    const rolledBack = verifyFirmware(wire, graph, undefined, old);
    assert.equal(rolledBack.decision === "refuse" && rolledBack.code, "firmware-rollback");
  });
});
