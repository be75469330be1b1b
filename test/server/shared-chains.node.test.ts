import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { Prng } from "../../host-sim/world/prng.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { SHARED_LENGTH, SharedChains } from "../../server/shared-chains.ts";
import { RUN_LENGTH } from "../../server/shared-run.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";

const SHARE = 3 * 34;
/** The most of one run (`SharedRun`). */
const MOST = 64 * 34;
/** Words of the shared memory: of the first run, and how far on those of the second are. */
const [NEXT, DONE] = [1, 3];
const SECOND = Math.ceil(RUN_LENGTH / 4);

const own = wasmSha3();
const random = new Prng("shared", "chains");

interface Asked {
  readonly values: Uint8Array;
  readonly steps: Uint8Array;
  /** Where one thread ends. */
  readonly expected: Uint8Array;
}

function chains(count: number): Asked {
  const [values, steps] = [random.bytes(32 * count), random.bytes(count)];
  const expected = values.slice();
  own.sha3_256Chains!(expected, steps);
  return { values, steps, expected };
}

/** Memory, its words, and the one who asks, who does `first` before each share of its own. */
function stage(first: () => void = () => {}) {
  const memory = new SharedArrayBuffer(SHARED_LENGTH);
  const words = new Int32Array(memory);
  const taken: number[] = [];
  const asker: Sha3 = {
    name: own.name,
    sha3_256: (message) => own.sha3_256(message),
    sha3_256Chain: (start, times) => own.sha3_256Chain(start, times),
    sha3_256Chains: (values, steps) => {
      first();
      taken.push(steps.length);
      own.sha3_256Chains!(values, steps);
    },
  };
  return { memory, words, taken, shared: new SharedChains(memory, asker) };
}

async function helperOf(memory: SharedArrayBuffer): Promise<Worker> {
  const file = new URL("../../server/chain-worker.ts", import.meta.url);
  const helper = new Worker(file, { workerData: memory });
  await new Promise((resolve) => helper.once("online", resolve));
  return helper;
}

/** Until the word there has that value, for as long as it takes. */
function until(words: Int32Array, at: number, value: number): void {
  for (let seen = Atomics.load(words, at); seen !== value; seen = Atomics.load(words, at))
    Atomics.wait(words, at, seen, 100);
}

const finished = ({ shared }: ReturnType<typeof stage>, asked: Asked) => {
  shared.begin(asked.values, asked.steps).finish();
  assert.deepEqual(asked.values, asked.expected);
};

describe("chains in memory that threads share", function () {
  this.timeout(60_000);

  it("are done by whoever comes, and are not in the memory afterwards", async () => {
    const { memory, words, taken, shared } = stage(() => until(words, DONE, 9));
    const asked = chains(10 * SHARE);
    const begun = asked.values.slice();
    const helper = await helperOf(memory);
    shared.begin(asked.values, asked.steps).finish();
    assert.deepEqual(taken, [SHARE], "the other nine were the helper's");
    assert.deepEqual(asked.values, asked.expected);
    const left = Buffer.from(new Uint8Array(memory));
    for (const bytes of [begun, asked.expected])
      for (let at = 0; at < bytes.length; at += 32)
        assert.equal(left.indexOf(bytes.subarray(at, at + 32)), -1);
    await helper.terminate();
  });

  it("are computed from when they are begun on, while the thread that asks does something else", async () => {
    const { memory, words, taken, shared } = stage();
    const helper = await helperOf(memory);
    const [first, second] = [chains(5 * SHARE), chains(7 * SHARE)];
    const runs = [first, second].map(({ values, steps }) => shared.begin(values, steps));
    until(words, DONE, 5);
    until(words, DONE + SECOND, 7);
    for (const run of runs) run.finish();
    assert.deepEqual(taken, [], "nothing was left for it");
    for (const { values, expected } of [first, second]) assert.deepEqual(values, expected);
    await helper.terminate();
  });

  it("end where they should in whatever order they are finished, few and many", () => {
    const { shared } = stage();
    for (const counts of [
      [1, SHARE + 1],
      [MOST, MOST],
      [MOST + 1, 3 * MOST, 40],
      [0, 5],
    ])
      for (const isReversed of [false, true]) {
        const all = counts.map(chains);
        const runs = all.map(({ values, steps }) => shared.begin(values, steps));
        for (const run of isReversed ? runs.reverse() : runs) run.finish();
        for (const { values, expected } of all) assert.deepEqual(values, expected);
      }
  });

  it("are gone on with in the next run where the last share of one is somebody else's", () => {
    const { words, taken, shared } = stage();
    const [first, second] = [chains(3 * SHARE), chains(2 * SHARE)];
    const run = shared.begin(first.values, first.steps);
    const next = shared.begin(second.values, second.steps);
    Atomics.add(words, NEXT, 1); // taken, and never done
    run.finish();
    assert.equal(taken.length, 5, "two of its own, two of the next, and then that one");
    next.finish();
    assert.equal(taken.length, 5);
    for (const { values, expected } of [first, second]) assert.deepEqual(values, expected);
  });

  it("end right although one who took a share has died, then and later", () => {
    let robs = 2;
    const stolen = stage(() => {
      if (robs-- > 0) Atomics.add(stolen.words, NEXT, 1);
    });
    for (let run = 0; run < 4; run++) finished(stolen, chains(10 * SHARE + 5));
  });

  it("end right although one in each run has died: then nobody helps any more", () => {
    const stolen = stage();
    const { words, taken, shared } = stolen;
    const both = [chains(4 * SHARE), chains(4 * SHARE)];
    const runs = both.map(({ values, steps }) => shared.begin(values, steps));
    for (const at of [NEXT, NEXT + SECOND]) Atomics.add(words, at, 1);
    for (const run of runs) run.finish();
    for (const { values, expected } of both) assert.deepEqual(values, expected);
    taken.length = 0;
    finished(stolen, chains(4 * SHARE));
    assert.deepEqual(taken, [4 * SHARE], "not laid out, but computed as a whole");
  });

  it("are given out no more once nobody wants them", async () => {
    const stolen = stage();
    const { memory, words, shared } = stolen;
    const asked = chains(20 * SHARE);
    const run = shared.begin(asked.values, asked.steps);
    Atomics.add(words, NEXT, 1); // somebody has a share in hand
    run.drop();
    const helper = await helperOf(memory);
    finished(stolen, chains(20 * SHARE)); // the second run
    assert.equal(Atomics.load(words, DONE), 0, "nobody did more of the first");
    // That one is done with, too late: from now on there are two again.
    Atomics.store(words, DONE, 1);
    const again = [chains(9 * SHARE), chains(9 * SHARE)];
    const runs = again.map(({ values, steps }) => shared.begin(values, steps));
    until(words, DONE, 9);
    until(words, DONE + SECOND, 9);
    for (const one of runs) one.finish();
    for (const { values, expected } of again) assert.deepEqual(values, expected);
    await helper.terminate();
  });

  it("are the same with random runs, of which some are dropped, and three who help", async () => {
    const { memory, shared } = stage();
    const helpers = await Promise.all([1, 2, 3].map(() => helperOf(memory)));
    for (let round = 0; round < 40; round++) {
      const all = Array.from({ length: 3 }, () => chains(random.bytes(1)[0]! * 4));
      const runs = all.map(({ values, steps }) => shared.begin(values, steps));
      for (const [n, run] of runs.entries()) {
        if (random.bytes(1)[0]! < 80) run.drop();
        else {
          run.finish();
          assert.deepEqual(all[n]!.values, all[n]!.expected);
        }
      }
    }
    for (const helper of helpers) await helper.terminate();
  });
});
