import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Desk } from "../../host-sim/node/desk.ts";

describe("the desk: a reader in real time beside a real HTTP server", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-desk-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a desk until its reader is READY, then `work`, then stops it. */
  async function withDesk(work: (desk: Desk) => Promise<void>): Promise<string[]> {
    const desk = await Desk.start({ dataFolder: folder, host: "127.0.0.1", port: 0, speed: 3 });
    const screens: string[] = [];
    const ready = new Promise<void>((resolve) => {
      void (async () => {
        for await (const event of desk.events()) {
          if (event.type === "screen") screens.push(event.lines.join(" | "));
          if (event.type === "state" && event.state === "READY") resolve();
        }
      })();
    });
    try {
      await ready;
      await work(desk);
    } finally {
      await desk.stop();
    }
    return screens;
  }

  it("grants, denies, and knows reader and badges again after a restart", async () => {
    const first = await withDesk(async (desk) => {
      assert.equal((await desk.tap("alice")).granted, true);
      await new Promise((done) => setTimeout(done, 1200)); // the screen is looked at, too
      const copied = await desk.tap("eve");
      assert.equal(copied.granted, false);
    });
    assert.ok(first.some((text) => text.includes("READY")));
    assert.equal(statSync(join(folder, "desk.json")).mode & 0o777, 0o600);
    await withDesk(async (desk) => {
      assert.equal((await desk.tap("alice")).granted, true, "her counter was kept");
    });
  }).timeout(120_000);

  it("is not fooled by a recording, nor made to wait by the next badge in a hurry", async () => {
    await withDesk(async (desk) => {
      for (let i = 0; i < 2; i++) assert.equal((await desk.tap("alice")).granted, true);
      const recorded = await desk.tap("trudy");
      assert.equal(recorded.granted, false);
      assert.equal(recorded.reason, "badge-cloned");
    });
  }).timeout(120_000);

  it("says which file to remove when its memory is damaged", async () => {
    const broken = mkdtempSync(join(tmpdir(), "latchkey-desk-"));
    try {
      for (const text of ["", "{", "null", '{"badges":{"alice":{}}}']) {
        writeFileSync(join(broken, "desk.json"), text);
        const start = Desk.start({ dataFolder: broken, host: "127.0.0.1", port: 0, speed: 1 });
        await assert.rejects(start, { code: "storage-corrupt", message: /desk\.json is damaged/ });
      }
    } finally {
      rmSync(broken, { recursive: true, force: true });
    }
  }).timeout(120_000);

  it("names the badges there are when there is no such badge", async () => {
    await withDesk(async (desk) => {
      for (const name of ["nobody", "constructor"])
        await assert.rejects(desk.tap(name), { code: "badge-unknown", message: /alice/ });
    });
  }).timeout(120_000);
});
