import assert from "node:assert/strict";
import { Prng } from "../../host-sim/world/prng.ts";
import type { SignedIdentityClaim } from "../../protocol/claims/identity-types.ts";
import { threadedSha3 } from "../../server/threaded-sha3.ts";
import { sha3 } from "./claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";
import { countingSha3 } from "./counting-sha3.ts";

const CLAIMS = 220;

/**
 * A provider with other threads, as dear as it can be: they have computed all that was begun
 * before this one needs any. It says how many signatures each run had, and how many runs there
 * were at a time.
 */
function eager() {
  const counting = countingSha3(sha3);
  const runs: number[] = [];
  const open = new Set<object>();
  let [most, dropped] = [0, 0];
  return {
    ...counting,
    runs,
    open,
    steps: () => counting.steps,
    most: () => most,
    dropped: () => dropped,
    beginPublicChains: (values: Uint8Array, steps: Uint8Array) => {
      const ends = values.slice();
      counting.sha3_256Chains!(ends, steps);
      const run = {
        finish: () => {
          values.set(ends);
          assert.ok(open.delete(run));
        },
        drop: () => {
          dropped += steps.length / 34;
          assert.ok(open.delete(run));
        },
      };
      runs.push(steps.length / 34);
      open.add(run);
      most = Math.max(most, open.size);
      return run;
    },
  };
}

describe("signatures that other threads begin", function () {
  this.timeout(120_000);
  const world = new ClaimsWorld(sha3);
  let document: ReturnType<ClaimsWorld["document"]>;
  let chain: SignedIdentityClaim[];

  before(async () => {
    let issuer = await world.oneTime("root");
    document = world.document(issuer);
    chain = [];
    // Each key delegates to the next.
    for (let n = 0; n < CLAIMS; n++) {
      const next = await world.oneTime("chain", n);
      const times = { issuedAt: NOW - DAY + n };
      chain.push(await world.delegation(document, issuer, next, ["*"], times));
      issuer = next;
    }
  });

  const broken = (signed: SignedIdentityClaim, signature = "AB".repeat(1088)) => ({
    ...signed,
    proof: { ...signed.proof, signature },
  });

  const resolved = (claims: readonly SignedIdentityClaim[]) => {
    const provider = eager();
    const result = world.resolve(document, claims, { sha3: provider });
    const alone = countingSha3(sha3, { withoutBatches: true });
    assert.deepEqual(world.resolve(document, claims, { sha3: alone }), result);
    assert.equal(provider.open.size, 0, "all are finished or dropped");
    return { ...result, provider, needed: alone.steps };
  };

  it("are two batches at a time, as soon as it is known what will be asked for", () => {
    const { resolved: identity, provider, needed } = resolved(chain);
    assert.equal(identity?.delegates.length, CLAIMS);
    assert.deepEqual(provider.runs, [1, 2, 4, 8, 16, 32, 32, 31, 64, 30]);
    assert.equal(
      provider.runs.reduce((sum, run) => sum + run, 0),
      CLAIMS,
    );
    assert.ok(provider.runs.every((run) => run <= 64));
    assert.equal(provider.most(), 2);
    assert.equal(provider.steps(), needed, "none in vain");
  });

  it("make a forger's claims no dearer than twice what was good before them", () => {
    for (const middle of [16, 31, 63, 140]) {
      const {
        resolved: identity,
        errors,
        provider,
        needed,
      } = resolved(chain.map((signed, n) => (n === middle ? broken(signed) : signed)));
      assert.equal(identity?.delegates.length, middle);
      assert.equal(errors[0]?.code, "signature-invalid");
      const steps = provider.steps();
      assert.ok(steps > needed && steps <= 2.2 * needed, `${steps} of ${needed}`);
    }
  });

  it("make many forgeries no dearer than twice what was good, wherever they stand", async () => {
    const root = await world.oneTime("many");
    const about = world.document(root);
    const keys = await Promise.all(chain.map((_, n) => world.oneTime("of many", n)));
    const claims: SignedIdentityClaim[] = [];
    for (const [n, key] of keys.slice(1).entries()) {
      const issuedAt = NOW - DAY + n;
      claims.push(await world.delegation(about, keys[n]!, key, ["*"], { issuedAt }));
    }
    const random = new Prng("begun", "forgeries");
    for (let round = 0; round < 3; round++) {
      const bent = claims.map((one) => (random.bytes(1)[0]! < 8 ? broken(one) : one));
      const provider = eager();
      world.resolve(about, bent, { sha3: provider });
      const alone = countingSha3(sha3, { withoutBatches: true });
      world.resolve(about, bent, { sha3: alone });
      assert.ok(provider.steps() <= 2.2 * alone.steps, `${provider.steps()} of ${alone.steps}`);
    }
  });

  it("are dropped when the graph is refused before they are asked for", () => {
    const provider = eager();
    const options = { sha3: provider, maxSignatures: 100 };
    const { resolved: identity, errors } = world.resolve(document, chain, options);
    assert.equal(identity, null);
    assert.equal(errors[0]?.code, "signatures-exceeded");
    assert.equal(provider.open.size, 0);
    assert.ok(provider.dropped() > 0 && provider.dropped() <= 64, `${provider.dropped()}`);
  });

  it("say the same as one thread, of random graphs with forgeries, copies and strangers", () => {
    const threads = threadedSha3(2);
    const random = new Prng("begun", "graphs");
    for (let round = 0; round < 12; round++) {
      const claims = chain.flatMap((signed, n) => {
        const dice = random.bytes(1)[0]!;
        if (dice < 3) return [broken(signed)];
        if (dice < 20) return [broken(signed, chain[(n + 1) % CLAIMS]!.proof.signature), signed];
        return dice < 40 ? [signed, signed] : [signed];
      });
      const options = { maxClaims: 1000 };
      assert.deepEqual(
        world.resolve(document, claims, { ...options, sha3: threads }),
        world.resolve(document, claims, options),
      );
    }
  });
});
