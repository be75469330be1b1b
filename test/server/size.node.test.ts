import assert from "node:assert/strict";
import { serverSize } from "../../bench/service/server-size.ts";

/**
 * In kilobytes of 1000. The reference product has 225, and this is over it: it has every adapter,
 * work on cards, claims, people, rules and the description of its endpoints in it. What it may not
 * do is grow unnoticed.
 */
const KB_MAX = 510;

describe("what the server ships", () => {
  it(`is at most ${KB_MAX} kB of its own code, minified, with every adapter in it`, async () => {
    const { bytes, folders } = await serverSize();
    assert.ok(bytes <= KB_MAX * 1000, `${bytes} bytes`);
    const names = folders.map(([folder]) => folder);
    for (const part of ["server/store/sql", "server/store/redis", "server/mqtt", "server/bridge"])
      assert.ok(names.includes(part), part);
    assert.ok(bytes > 100_000, `${bytes} bytes: something is missing`);
    assert.ok(!names.some((name) => name.includes("node_modules")));
  }).timeout(30_000);
});
