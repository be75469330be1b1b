import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openServiceFolder } from "../../server/start.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { badge, Desk, inProcess, reasonOf, TestNode, warm } from "./desk.ts";

const often = { burst: 1e9, perSecond: 1e9 };
const limits = {
  ...{ readingsByNode: often, requestsByNode: often, tapsByNode: often, tapsByBadge: often },
};
/** Long enough that a page is soon full. */
const reading = (seq: number) => ({ ...warm(seq), fields: { temperature: 21.5, humidity: 40 } });
const full = ({ code, detail }: { code: string; detail: Record<string, unknown> }) => {
  assert.deepEqual([code, detail["field"]], ["unavailable", "storage"]);
  assert.ok(Number(detail["retry_after"]) > 0);
  return true;
};

describe("a server whose disk is full", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Posts until nothing more is stored. @returns the number of the last one that was */
  async function fill(node: TestNode): Promise<number> {
    for (let seq = 1; seq < 100_000; seq += 50) {
      const batch = Array.from({ length: 50 }, (_, i) => reading(seq + i));
      try {
        await node.report(batch);
      } catch (error) {
        full(error as never);
        return seq - 1;
      }
    }
    throw new Error("it is never full");
  }

  it("refuses with a code and a time, keeps doors shut, reads on, and loses nothing", async () => {
    const path = join(folder, "latchkey.db");
    const records = openSqliteRecords(path, { pagesMax: 200 });
    const desk = new Desk({ records, limits });
    const node = await desk.node(await desk.tenant()).boot();
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    assert.equal((await node.tap(card)).granted, true);
    const last = await fill(node);
    assert.ok(last > 100, `${last} readings found room`);

    // Smaller things go on fitting for a while, until nothing does.
    const tapUntilFull = async () => {
      for (let taps = 0; taps < 10_000; taps++) await node.tap(card);
    };
    await assert.rejects(tapUntilFull(), full);
    const get = (at: string) =>
      desk.service.handle({ method: "GET", path: at, headers: {}, body: "" });
    const ready = await get("readyz");
    assert.equal(ready.status, 503);
    assert.ok(Number(ready.headers["retry-after"]) > 0);
    assert.equal(JSON.parse(ready.body).field, "database");
    assert.ok(
      desk.log.some((line) => line.includes('"storage-full"')),
      "operators are told",
    );
    assert.equal((await desk.service.admin.readings(tenantId, node.nodeUid, 5)).length, 5);
    assert.equal((await get("healthz")).status, 200, "what only reads goes on");

    // Another process, after a crash: all that was acknowledged is there, and nothing of the rest.
    const after = openSqliteRecords(path);
    const rows = await after.auditRows(tenantId, 100_000);
    const stored = await after.readingsAfter(0, 100_000, { tenantId, nodeUid: node.nodeUid });
    assert.equal(stored.length, last, "whole requests, each number once");
    assert.equal(stored.at(-1)?.reading.seq, last);
    assert.ok(rows.length > 0);
    await after.close();
    assert.equal((await desk.service.admin.verifyAudit(tenantId)).intact, true);

    // Readings go with their time, and what they held is room again.
    desk.nowMs += 31 * 86_400_000;
    await get("healthz");
    assert.equal((await get("readyz")).status, 200);
    await node.identity.authenticate();
    assert.equal((await node.tap(card)).granted, true);
    assert.equal((await node.report([reading(last + 1)])).recorded, 1);
    assert.equal((await desk.service.admin.verifyAudit(tenantId)).intact, true);
    desk.close();
  });

  it("is the same on a real one, which is full of something else", async function () {
    const disk = join(folder, "disk");
    spawnSync("mkdir", [disk]);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]);
    if (mounted.status !== 0) {
      console.warn("SKIPPED: no small disk can be made here (mount needs root)");
      return this.skip();
    }
    try {
      const opened = await openServiceFolder({ folder: join(disk, "data"), limits });
      const { service } = opened;
      const { tenantId } = opened.firstStart!.tenant;
      const clock = {
        get nowMs() {
          return performance.now();
        },
      };
      const provisioning = await service.admin.provisioning(tenantId);
      const http = inProcess(service);
      const node = await new TestNode(provisioning, http, clock, { http }).boot();
      const card = await badge(service, tenantId);
      assert.equal(reasonOf(await node.tap(card)), "granted");
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(join(disk, "filler"), new Uint8Array(bavail * bsize));
      const last = await fill(node);
      const tapUntilFull = async () => {
        for (let taps = 0; taps < 10_000; taps++) await node.tap(card);
      };
      await assert.rejects(tapUntilFull(), full);
      rmSync(join(disk, "filler"));
      assert.equal(reasonOf(await node.tap(card)), "granted");
      assert.equal((await node.report([reading(last + 1)])).recorded, 1);
      const [newest] = await service.admin.readings(tenantId, node.nodeUid, 1);
      assert.equal(newest?.reading.seq, last + 1);
      assert.equal((await service.admin.verifyAudit(tenantId)).intact, true);
      node.identity.close();
      await service.close();
    } finally {
      spawnSync("umount", [disk]);
    }
  });
});
