import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Prng } from "../../host-sim/world/prng.ts";
import { unsafeWotsSign } from "../../protocol/claims/wots-secret.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { threadedSha3 } from "../../server/threaded-sha3.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";

const SIGNATURE = 34;

const own = wasmSha3();
const random = new Prng("threads", "chains");
const chains = (count: number) => ({
  values: random.bytes(32 * count),
  steps: random.bytes(count),
});

/** Chains as one thread computes them. */
function alone({ values, steps }: ReturnType<typeof chains>): Uint8Array {
  const ends = values.slice();
  own.sha3_256Chains!(ends, steps);
  return ends;
}

describe("hash chains that threads share", function () {
  this.timeout(60_000);
  const file = new URL("../../server/threaded-sha3.ts", import.meta.url);

  for (const helpers of [1, 3])
    it(`end where those of one thread do, with ${helpers} to help, few and many`, () => {
      const sha3 = threadedSha3(helpers);
      for (const count of [0, 1, 16 * SIGNATURE, 128 * SIGNATURE, 128 * SIGNATURE + 1, 9000, 600]) {
        const asked = chains(count);
        const expected = alone(asked);
        sha3.beginPublicChains!(asked.values, asked.steps).finish();
        assert.deepEqual(asked.values, expected, `${count} chains`);
      }
    });

  it("are one thread's own on a machine with one core", () => {
    assert.equal(threadedSha3(0).beginPublicChains, undefined);
  });

  it("are not those that sign", () => {
    const fails = () => assert.fail("a secret went to other threads");
    const sha3 = { ...bound(), beginPublicChains: fails };
    unsafeWotsSign(sha3, new Secret(random.bytes(32)), 0, random.bytes(32));
  });

  it("keep no process alive", () => {
    const program = `
      const { threadedSha3 } = await import(${JSON.stringify(fileURLToPath(file))});
      const steps = new Uint8Array(${64 * SIGNATURE}).fill(20);
      for (let run = 0; run < 5; run++)
        threadedSha3(2).beginPublicChains(new Uint8Array(32 * steps.length), steps).finish();
      console.log("done");`;
    const args = ["--input-type=module", "-e", program];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { timeout: 30_000 });
    assert.equal(`${stdout}`, "done\n", `${stderr}`);
    assert.equal(status, 0);
  });

  it("are computed by one thread where no other is allowed", () => {
    const program = `
      const { threadedSha3 } = await import(${JSON.stringify(fileURLToPath(file))});
      const steps = new Uint8Array(${64 * SIGNATURE}).fill(20);
      const values = new Uint8Array(32 * steps.length);
      threadedSha3(2).beginPublicChains(values, steps).finish();
      console.log(values.some((byte) => byte !== 0));`;
    const args = ["--permission", "--allow-fs-read=*", "--input-type=module", "-e", program];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { timeout: 30_000 });
    assert.equal(`${stdout}`, "true\n", `${stderr}`);
    assert.equal(status, 0);
  });
});

/** The provider's methods, which a copy of its members lacks. */
function bound() {
  return {
    name: own.name,
    sha3_256: (message: Uint8Array) => own.sha3_256(message),
    sha3_256Chain: (start: Uint8Array, times: number) => own.sha3_256Chain(start, times),
    sha3_256Chains: (values: Uint8Array, steps: Uint8Array) => own.sha3_256Chains!(values, steps),
  };
}
