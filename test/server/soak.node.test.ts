import assert from "node:assert/strict";
import { leaksOf, type Sample, soak } from "../../bench/service/soak.ts";

/** What a server holds after each of nine parts of some thousand pieces of work. */
const series = (change: (n: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 9 }, (_, n) => ({
    ...{ done: 10_000 * (n + 1), heapUsed: 40e6, rss: 120e6, descriptors: 30 },
    ...change(n),
  }));

describe("a soak", () => {
  it("finds a leaked object, a leaked descriptor, and nothing in what goes up and down", () => {
    assert.deepEqual(leaksOf(series(() => ({}))), []);
    assert.deepEqual(leaksOf(series((n) => ({ heapUsed: 40e6 + (n % 2) * 2e6 }))), []);
    const warmingUp = series((n) => ({ heapUsed: n < 3 ? 20e6 : 40e6 }));
    assert.deepEqual(leaksOf(warmingUp), []);
    const [heap] = leaksOf(series((n) => ({ heapUsed: 40e6 + n * 10_000 * 250 })));
    assert.match(heap!, /heap grew/);
    const [open] = leaksOf(series((n) => ({ descriptors: 30 + n })));
    assert.match(open!, /descriptors/);
  });

  /** A short one; `npm run soak` is the long one. */
  it("of some seconds leaves memory flat and no descriptor open", async () => {
    const { samples } = await soak({ seconds: 12, samples: 6 });
    assert.ok(samples.at(-1)!.done > 100, `${samples.at(-1)!.done} pieces of work`);
    assert.deepEqual(leaksOf(samples), []);
  }).timeout(120_000);
});
