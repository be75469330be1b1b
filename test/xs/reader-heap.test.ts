/** The whole reader on XS, tapped a hundred times: whatever it keeps, it keeps once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { findXsWorker } from "../../tools/find-xs.ts";
import { root } from "../support/test-files.ts";
import { bundleForXs } from "./bundle.ts";
import { XS_MISSING, XsEngine } from "./engine.ts";
import { hostFunctions } from "./reader.xs.host.ts";

/** Slots that come and go with requests that are under way at the moment of a measurement. */
const NOISE = 60;

interface Call {
  readonly name: string;
  readonly argument: unknown;
}

describe("the heap of a reader on XS", function () {
  this.timeout(300_000);
  let engine: XsEngine;

  before(async function () {
    if (findXsWorker() === undefined) {
      const required = process.env["CI"] === "true" || process.env["LATCHKEY_REQUIRE_XS"] === "1";
      if (required) throw new Error(XS_MISSING);
      console.warn(`SKIPPED: ${XS_MISSING}`);
      this.skip();
    }
    engine = await XsEngine.start({
      silenceLimitMs: 120_000,
      onCommand: async (request) => {
        const { name, argument } = JSON.parse(Buffer.from(request).toString()) as Call;
        return Buffer.from(JSON.stringify((await hostFunctions[name]!(argument)) ?? null));
      },
    });
    // The bundle's prelude takes it away: the device has none.
    await engine.evaluate("globalThis.collect = gc; undefined");
    await engine.evaluate(await bundleForXs([join(root, "test/xs/fixtures/tapping-reader.ts")]));
    await run("boot()");
  });
  after(() => engine?.close());

  async function run(what: string): Promise<void> {
    await engine.evaluate(
      `globalThis.failure = "did not end"; ${what}.then(
        () => { globalThis.failure = ""; },
        (error) => { globalThis.failure = String(error); }); undefined`,
    );
    await engine.evaluate("if (globalThis.failure) throw new Error(globalThis.failure); undefined");
  }

  /** Slots in use once everything that nobody needs is gone. */
  async function slots(): Promise<number> {
    return (await engine.evaluate("collect(); undefined")).meter.currentHeapCount;
  }

  /** The least of three moments, two taps apart. */
  async function level(): Promise<number> {
    const found: number[] = [];
    for (let i = 0; i < 3; i++) {
      await run("tap(3)");
      found.push(await slots());
    }
    return Math.min(...found);
  }

  it("does not grow from the 20th tap to the 100th", async () => {
    // Until then the logs in memory fill up, which have a limit each.
    await run("tap(21)");
    const early = await level();
    await run("tap(61)");
    const late = await level();
    console.log(`      ${early} slots after 30 taps, ${late} after 100, simulator included`);
    assert.ok(late - early <= NOISE, `${late - early} slots more`);
  });

  it("would be seen to grow by one object a tap", async () => {
    const before = await level();
    await engine.evaluate("globalThis.kept = Array.from({ length: 70 }, () => ({})); undefined");
    assert.ok((await level()) - before > NOISE);
  });
});
