import assert from "node:assert/strict";
import { canonicalDigest } from "../../protocol/claims/canonical-json.ts";
import { createServiceEndpointClaim } from "../../protocol/claims/claim.ts";
import type {
  IdentityResolutionResult,
  SignedIdentityClaim,
} from "../../protocol/claims/identity-types.ts";
import { answerInTurns, HASHES_PER_TURN } from "../../protocol/claims/inquiry.ts";
import { inquireGraph } from "../../protocol/claims/resolve.ts";
import { revokeIdentity, signIdentityClaim } from "../../protocol/claims/sign-claim.ts";
import { unsafeWotsSign } from "../../protocol/claims/wots-secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { sha3 } from "./claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";
import { countingSha3 } from "./counting-sha3.ts";

/** The most and the fewest hashes of one one-time signature's chains. */
const MOST = 6098;
const FEWEST = 2783;

const codes = ({ errors }: IdentityResolutionResult) => errors.map(({ code }) => code);
const countOf = (all: readonly string[], code: string) => all.filter((one) => one === code).length;

/** The claim with some bytes of its signature's part changed: 0 signs for the tree's root. */
function tampered(signed: SignedIdentityClaim, level: 0 | 1 | 2): SignedIdentityClaim {
  const { claim, proof } = signed;
  // MiniNumber(3), then levels of 36 + 1092 + 3 + 3 + 6 * 40 bytes (tree-proof.ts).
  const at = 2 * (3 + level * 1374 + 36 + 4 + 500);
  const digit = proof.signature[at] === "0" ? "1" : "0";
  const signature = proof.signature.slice(0, at) + digit + proof.signature.slice(at + 1);
  return { claim, proof: { ...proof, signature } };
}

describe("the cost of a graph", function () {
  this.timeout(60_000);
  const world = () => new ClaimsWorld(sha3);
  const endpoint = (subject: string, issuer: string, n: number) =>
    createServiceEndpointClaim(
      ...([
        {
          ...{ issuer, subject, endpointType: "mqtt", uri: `mqtts://${n}.example` },
          issuedAt: NOW - DAY + n,
        },
        sha3,
      ] as const),
    );

  it("of 1,000 claims that one one-time key signed is that of two", async () => {
    const key = world().seed("spent");
    const signer = await world().oneTime("spent");
    const issuer = signer.addresses.claim;
    const document = world().document(signer);
    const { proof } = await signIdentityClaim(endpoint(document.id, issuer, 0), signer, { sha3 });
    // The reference signs with one key as often as it is asked to.
    const claims = Array.from({ length: 1000 }, (_, n): SignedIdentityClaim => {
      const claim = endpoint(document.id, issuer, n);
      const { signature } = unsafeWotsSign(sha3, key, 0, canonicalDigest(sha3, claim));
      return { claim, proof: { ...proof, signature: toHex(signature).toUpperCase() } };
    });
    const counting = countingSha3(sha3);
    const options = { sha3: counting, nowMs: NOW, maxClaims: 1002 };
    const result = world().resolve(document, claims, options);
    assert.equal(countOf(codes(result), "key-reused"), 1000);
    assert.deepEqual(result.resolved?.serviceEndpoints, []);
    assert.ok(counting.steps >= 2 * FEWEST && counting.steps <= 2 * MOST, `${counting.steps}`);
    // A revocation counts from such a key too, if it is signed, and only then.
    const [one] = claims;
    const { claim } = await revokeIdentity(document, "x", await world().oneTime("spent"), {
      ...{ sha3, issuedAt: NOW - 5 },
    });
    const forged = { claim, proof: one!.proof };
    const still = world().resolve(document, [...claims, forged], options);
    assert.equal(still.resolved?.status, "active");
    assert.equal(countOf(codes(still), "signature-invalid"), 1);
    const real = unsafeWotsSign(sha3, key, 0, canonicalDigest(sha3, claim)).signature;
    const signed = { claim, proof: { ...one!.proof, signature: toHex(real).toUpperCase() } };
    assert.equal(
      world().resolve(document, [...claims, signed], options).resolved?.status,
      "revoked",
    );
  });

  it("of claims by one tree is one signature each, and the tree's own two once", async () => {
    const one = world();
    const root = await one.tree("root");
    const document = one.document(root);
    const claims: SignedIdentityClaim[] = [];
    for (let n = 0; n < 6; n++)
      claims.push(await one.sign(endpoint(document.id, root.addresses.claim, n), root));
    const counting = countingSha3(sha3);
    const { resolved, errors } = one.resolve(document, claims, { sha3: counting });
    assert.deepEqual(errors, []);
    assert.equal(resolved?.serviceEndpoints.length, 6);
    assert.ok(counting.steps <= (2 + 6) * MOST, `${counting.steps}`);
    const alone = countingSha3(sha3);
    for (const claim of claims) one.resolve(document, [claim], { sha3: alone });
    assert.ok(alone.steps - counting.steps >= 5 * 2 * FEWEST, "nothing outlives its resolution");
  });

  it("is no door for a forger: what was verified once says nothing of another signature", async () => {
    const one = world();
    const root = await one.tree("root");
    const document = one.document(root);
    const [first, second] = [
      await one.sign(endpoint(document.id, root.addresses.claim, 1), root),
      await one.sign(endpoint(document.id, root.addresses.claim, 2), root),
    ];
    for (const level of [0, 1, 2] as const) {
      const forged = tampered(second, level);
      for (const claims of [
        [first, forged],
        [forged, first],
        [first, second, forged],
      ]) {
        const result = one.resolve(document, claims);
        assert.deepEqual(codes(result), ["signature-invalid"], `level ${level}`);
        const uris = result.resolved?.serviceEndpoints.map(({ uri }) => uri);
        assert.equal(uris?.length, claims.length - 1);
      }
    }
    // The upper levels of one claim over the lowest of another's signature: all of them were seen.
    const mixed = first.proof.signature.slice(0, 2 * (3 + 2 * 1374));
    const rest = second.proof.signature.slice(mixed.length);
    const swapped = { claim: first.claim, proof: { ...first.proof, signature: mixed + rest } };
    assert.deepEqual(codes(one.resolve(document, [first, second, swapped])), ["signature-invalid"]);
    // Another tree's verified levels under this tree's key.
    const stranger = await one.tree("second");
    const foreign = await one.sign(endpoint(document.id, stranger.addresses.claim, 3), stranger);
    const stolen = { claim: second.claim, proof: { ...foreign.proof } };
    assert.equal(one.resolve(document, [first, stolen]).resolved?.serviceEndpoints.length, 1);
    const keyed = { ...second.proof, signature: foreign.proof.signature };
    const result = one.resolve(document, [first, { claim: second.claim, proof: keyed }]);
    assert.deepEqual(codes(result), ["signature-invalid"]);
  });

  it("in turns is decided alike, and no turn computes more than its hashes", async () => {
    const one = world();
    const root = await one.tree("root");
    const delegate = await one.oneTime("builder");
    const document = one.document(root);
    const good = await one.delegation(document, root, delegate, ["manifest:sign"]);
    const other = await one.sign(endpoint(document.id, root.addresses.claim, 2), root);
    const claims = [good, other, tampered(other, 1), { junk: true }];
    const graph = { document, claims };
    const counting = countingSha3(sha3, { withoutBatches: true });
    let [turns, most, last] = [0, 0, 0];
    const pause = async () => {
      most = Math.max(most, counting.steps - last);
      last = counting.steps;
      turns++;
    };
    const inquiry = inquireGraph(graph, { sha3: counting, nowMs: NOW });
    const inTurns = await answerInTurns(inquiry, counting, pause);
    assert.deepEqual(inTurns, one.resolve(document, claims));
    assert.deepEqual(codes(inTurns), ["signature-invalid", "malformed"]);
    assert.equal(most, HASHES_PER_TURN);
    assert.ok(turns >= counting.steps / HASHES_PER_TURN, `${turns} turns`);
  });

  it("in turns ends where its pause ends it", async () => {
    const one = world();
    const root = await one.tree("root");
    const document = one.document(root);
    const claims = [await one.sign(endpoint(document.id, root.addresses.claim, 1), root)];
    let turns = 0;
    const inquiry = inquireGraph({ document, claims }, { sha3, nowMs: NOW });
    const stopped = answerInTurns(inquiry, sha3, async () => {
      if (++turns === 7) throw new Error("stopped");
    });
    await assert.rejects(stopped, /stopped/);
  });
});
