import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findXsWorker } from "../../tools/find-xs.ts";
import type { TestRecord } from "../support/records.ts";
import { XS_MISSING, XsEngine } from "./engine.ts";
import { runFileOnXs } from "./run-file.ts";

const here = dirname(fileURLToPath(import.meta.url));

async function recordsOf(fixture: string, silenceLimitMs = 20_000): Promise<TestRecord[]> {
  const path = join(here, "fixtures", `${fixture}.ts`);
  return [...(await runFileOnXs(path, { name: fixture, silenceLimitMs })).records];
}

describe("the XS lane", function () {
  this.timeout(30_000);

  before(function () {
    if (findXsWorker() !== undefined) return;
    console.warn(`SKIPPED: ${XS_MISSING}`);
    this.skip();
  });

  it("names every failing test, says why, and lets the others pass", async () => {
    const records = await recordsOf("failing");
    assert.deepEqual(
      records.map(({ suite, title, state }) => `${suite}: ${title}: ${state}`),
      [
        "a suite made to fail: passes, so that not everything fails: passed",
        "a suite made to fail: compares wrongly: failed",
        "a suite made to fail: throws later: failed",
        "a suite made to fail: expects an error that does not come: failed",
        "a suite made to fail: is skipped: skipped",
        "a suite made to fail: reaches for a timer: failed",
      ],
    );
    assert.match(records[1]?.error ?? "", /got Uint8Array\(2\) <0102>, expected .*<0103>/);
    assert.match(records[2]?.error ?? "", /TypeError: late/);
    assert.match(records[3]?.error ?? "", /nothing was thrown/);
    assert.match(records[5]?.error ?? "", /setTimeout does not exist on the device/);
  });

  it("fails a test that never settles", async () => {
    const [record] = await recordsOf("hanging");
    assert.equal(record?.title, "never settles");
    assert.equal(record?.state, "failed");
    assert.match(record?.error ?? "", /never happens/);
  });

  it("kills an engine that hangs, and names the test", async () => {
    const [record] = await recordsOf("spinning", 500);
    assert.equal(record?.title, "never returns");
    assert.match(record?.error ?? "", /hung/);
  });

  it("fails on a rejection that nobody handles", async () => {
    const records = await recordsOf("rejecting");
    const failed = records.filter(({ state }) => state === "failed");
    assert.equal(failed.length, 1);
    assert.match(failed[0]?.error ?? "", /unhandled rejection: RangeError: nobody looks/);
  });

  it("survives an engine that dies, and names the test", async () => {
    const [record] = await recordsOf("crashing");
    assert.equal(record?.title, "fills the memory");
    assert.match(record?.error ?? "", /out of memory/);
  });

  it("fails a suite that imports from Node, naming the import", async () => {
    const [record] = await recordsOf("importing");
    assert.equal(record?.state, "failed");
    assert.match(
      record?.error ?? "",
      /node:fs is not portable .*test\/xs\/fixtures\/importing\.ts/,
    );
  });

  it("hides from the code what the device does not have", async () => {
    const records = await recordsOf("bare");
    assert.deepEqual(
      records.map(({ state }) => state),
      ["passed"],
    );
  });

  it("passes an exception on with its text", async () => {
    const xs = await XsEngine.start();
    try {
      await assert.rejects(xs.evaluate("throw new RangeError('outside')"), /RangeError: outside/);
    } finally {
      await xs.close();
    }
  });

  it("meters the same work with the same figure", async () => {
    const compute = async (): Promise<number> => {
      const xs = await XsEngine.start();
      const reply = await xs.evaluate("let n = 0; for (let i = 0; i < 1000; i++) n += i; n");
      await xs.close();
      return reply.meter.compute;
    };
    const first = await compute();
    assert.ok(first > 1000);
    assert.equal(await compute(), first);
  });
});
