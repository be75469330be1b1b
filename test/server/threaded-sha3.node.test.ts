import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { Prng } from "../../host-sim/world/prng.ts";
import { unsafeWotsSign } from "../../protocol/claims/wots-secret.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { SHARED_LENGTH, SharedChains } from "../../server/shared-chains.ts";
import { threadedSha3 } from "../../server/threaded-sha3.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";

const SIGNATURE = 34;
const SHARE = 3 * SIGNATURE;
/** Words of the shared memory's head (`SharedChains`). */
const [NEXT, DONE] = [1, 3];

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
        sha3.sha3_256PublicChains!(asked.values, asked.steps);
        assert.deepEqual(asked.values, expected, `${count} chains`);
      }
    });

  it("are one thread's own on a machine with one core", () => {
    assert.equal(threadedSha3(0).sha3_256PublicChains, undefined);
  });

  it("are done by whoever comes, and are not in the memory afterwards", async () => {
    const memory = new SharedArrayBuffer(SHARED_LENGTH);
    const head = new Int32Array(memory, 0, 8);
    const asked = chains(10 * SHARE);
    const expected = alone(asked);
    let taken = 0;
    const slow = {
      ...bound(),
      sha3_256Chains: (values: Uint8Array, steps: Uint8Array) => {
        taken++;
        while (Atomics.load(head, DONE) < 9)
          Atomics.wait(head, DONE, Atomics.load(head, DONE), 100);
        own.sha3_256Chains!(values, steps);
      },
    };
    const helper = new Worker(new URL("../../server/chain-worker.ts", import.meta.url), {
      workerData: memory,
    });
    await new Promise((resolve) => helper.once("online", resolve));
    new SharedChains(memory, slow).run(asked.values, asked.steps);
    assert.equal(taken, 1, "the other nine were the helper's");
    assert.deepEqual(asked.values, expected);
    const left = Buffer.from(new Uint8Array(memory));
    for (const bytes of [asked.values, expected])
      for (let at = 0; at < bytes.length; at += 32)
        assert.equal(left.indexOf(bytes.subarray(at, at + 32)), -1);
    await helper.terminate();
  });

  it("end right although one who took a share has died, then and later", () => {
    const memory = new SharedArrayBuffer(SHARED_LENGTH);
    const head = new Int32Array(memory, 0, 8);
    let isTaken = false;
    const robbed = {
      ...bound(),
      sha3_256Chains: (values: Uint8Array, steps: Uint8Array) => {
        if (!isTaken) Atomics.add(head, NEXT, 1);
        isTaken = true;
        own.sha3_256Chains!(values, steps);
      },
    };
    const shared = new SharedChains(memory, robbed);
    for (let run = 0; run < 3; run++) {
      const asked = chains(10 * SHARE + 5);
      const expected = alone(asked);
      shared.run(asked.values, asked.steps);
      assert.deepEqual(asked.values, expected);
    }
  });

  it("are not those that sign", () => {
    const fails = () => assert.fail("a secret went to other threads");
    const sha3 = { ...bound(), sha3_256PublicChains: fails };
    unsafeWotsSign(sha3, new Secret(random.bytes(32)), 0, random.bytes(32));
  });

  it("keep no process alive", () => {
    const program = `
      const { threadedSha3 } = await import(${JSON.stringify(fileURLToPath(file))});
      const steps = new Uint8Array(${64 * SIGNATURE}).fill(20);
      for (let run = 0; run < 5; run++)
        threadedSha3(2).sha3_256PublicChains(new Uint8Array(32 * steps.length), steps);
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
      threadedSha3(2).sha3_256PublicChains(values, steps);
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
