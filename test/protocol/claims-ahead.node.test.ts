import assert from "node:assert/strict";
import type { SignedIdentityClaim } from "../../protocol/claims/identity-types.ts";
import type { OneTimeSigner } from "../../protocol/claims/signers.ts";
import { sha3 } from "./claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";
import { countingSha3 } from "./counting-sha3.ts";

const CLAIMS = 60;

/** A provider that says how many signatures each of its runs had. */
function watched() {
  const counting = countingSha3(sha3);
  const runs: number[] = [];
  return {
    ...counting,
    runs,
    sha3_256Chains: (values: Uint8Array, steps: Uint8Array) => {
      runs.push(steps.length / 34);
      counting.sha3_256Chains!(values, steps);
    },
    steps: () => counting.steps,
  };
}

describe("signatures that are computed ahead", function () {
  this.timeout(60_000);
  let world: ClaimsWorld;
  let root: OneTimeSigner;
  let document: ReturnType<ClaimsWorld["document"]>;
  let chain: SignedIdentityClaim[];

  beforeEach(async () => {
    world = new ClaimsWorld(sha3);
    root = await world.oneTime("root");
    document = world.document(root);
    chain = [];
    // Each key delegates to the next.
    for (let n = 0, issuer = root; n < CLAIMS; n++) {
      const next = await world.oneTime("chain", n);
      const times = { issuedAt: NOW - DAY + n };
      chain.push(await world.delegation(document, issuer, next, ["*"], times));
      issuer = next;
    }
  });

  const resolved = (claims: readonly SignedIdentityClaim[]) => {
    const provider = watched();
    const result = world.resolve(document, claims, { sha3: provider });
    const alone = countingSha3(sha3, { withoutBatches: true });
    assert.deepEqual(world.resolve(document, claims, { sha3: alone }), result);
    return { ...result, runs: provider.runs, steps: provider.steps(), needed: alone.steps };
  };

  it("run side by side, twice as many each time, and none in vain", () => {
    const { resolved: identity, runs, steps, needed } = resolved(chain);
    assert.equal(identity?.delegates.length, CLAIMS);
    assert.deepEqual(runs, [1, 2, 4, 8, 16, 29]);
    assert.equal(steps, needed);
  });

  it("run side by side where all were signed in one millisecond", async () => {
    const claims: SignedIdentityClaim[] = [];
    const tree = await world.tree("root");
    document = world.document(tree);
    for (let n = 0; n < 20; n++)
      claims.push(await world.delegation(document, tree, await world.oneTime("to", n), ["a:b"]));
    const { runs, steps, needed } = resolved(claims);
    assert.equal(
      runs.reduce((sum, run) => sum + run, 0),
      22,
    );
    assert.ok(runs.length < 8, `${runs}`);
    assert.equal(steps, needed);
  });

  it("run side by side where a trusted party saw all of them", async () => {
    const tree = await world.tree("root");
    document = world.document(tree);
    const claims: SignedIdentityClaim[] = [];
    for (let n = 0; n < 20; n++)
      claims.push(await world.delegation(document, tree, await world.oneTime("to", n), ["a:b"]));
    const provider = watched();
    const result = world.resolve(document, claims, { sha3: provider, firstSeenMs: () => NOW });
    assert.equal(result.resolved?.delegates.length, 20);
    assert.ok(provider.runs.length < 8, `${provider.runs}`);
  });

  it("make a forger's claims no dearer than twice what was good before them", () => {
    const middle = 40;
    const broken = chain.map((signed, n) =>
      n === middle
        ? { ...signed, proof: { ...signed.proof, signature: "AB".repeat(1088) } }
        : signed,
    );
    const { resolved: identity, errors, steps, needed } = resolved(broken);
    assert.equal(identity?.delegates.length, middle);
    assert.equal(errors[0]?.code, "signature-invalid");
    assert.equal(errors[1]?.code, "issuer-unauthorized");
    assert.ok(steps > needed && steps <= 2 * needed, `${steps} of ${needed}`);
  });

  it("never make up for a signature that is not even one", async () => {
    const tree = await world.tree("root");
    document = world.document(tree);
    const claims: SignedIdentityClaim[] = [];
    for (let n = 0; n < 8; n++)
      claims.push(await world.delegation(document, tree, await world.oneTime("to", n), ["a:b"]));
    // Of another encoding, and of another tree.
    const other = await world.tree("second");
    const { proof } = await world.delegation(world.document(other), other, root, ["a:b"]);
    const good = claims.map((one) => one.proof.signature);
    for (const signature of [`01${good[5]!.slice(2)}`, proof.signature]) {
      const bent = claims.map((one, n) =>
        n === 5 ? { ...one, proof: { ...one.proof, signature } } : one,
      );
      const { resolved: identity, errors } = resolved(bent);
      assert.equal(identity?.delegates.length, 7);
      assert.deepEqual(
        errors.map(({ code, index }) => [code, index]),
        [["signature-invalid", 5]],
      );
    }
  });

  it("of strangers are none", async () => {
    const stranger = await world.oneTime("stranger");
    const theirs = await world.delegation(document, stranger, root, ["*"], { issuedAt: NOW - DAY });
    const { runs } = resolved([...chain.slice(0, 7), theirs]);
    assert.deepEqual(runs, [1, 2, 4]);
  });
});
