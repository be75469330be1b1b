import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LIST_NODES_PATH } from "../../protocol/badge/endpoints.ts";
import type { BadgeDecision } from "../../protocol/badge/verify.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { firstStartLines, openServiceFolder, startServer } from "../../server/start.ts";
import { badge, chipOf, nextUid, overHttp, TestNode } from "./desk.ts";

const SERVE = join(fileURLToPath(import.meta.url), "..", "serve.ts");
const clock = {
  get nowMs() {
    return performance.now();
  },
};

/** Every file below a folder with its mode and content. */
function files(folder: string): { path: string; mode: number; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, mode: statSync(path).mode & 0o777, bytes: readFileSync(path) }));
}

describe("server on a data folder", () => {
  let folder: string;
  const nodes: TestNode[] = [];
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "latchkey-")), "data");
  });
  afterEach(() => {
    for (const node of nodes.splice(0)) node.identity.close();
    for (const child of children.splice(0)) child.kill("SIGKILL");
    rmSync(join(folder, ".."), { recursive: true, force: true });
  });

  it("makes everything it needs at the first start, and says the token once", async () => {
    const server = await startServer({ folder });
    const { adminToken, tenant } = server.firstStart!;
    const lines = firstStartLines(server.firstStart!).join("\n");
    assert.equal(lines.split(adminToken).length, 2);
    const list = () =>
      fetch(`${server.url}/${LIST_NODES_PATH}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${adminToken}` },
        body: JSON.stringify({ tenant_id: tenant.tenantId }),
      });
    assert.equal((await list()).status, 200);
    await server.close();
    const again = await openServiceFolder({ folder });
    assert.equal(again.firstStart, undefined);
    again.service.close();
  });

  it("keeps the folder to itself, and neither token nor tenant keys in clear in it", async () => {
    const { service, firstStart } = await openServiceFolder({ folder });
    const { adminToken, tenant } = firstStart!;
    const enrolToken = await service.admin.createEnrolToken(tenant.tenantId, 60);
    const { commKey, df1 } = await service.admin.provisioning(tenant.tenantId);
    const issued = await service.admin.issueBadge({
      tenantId: tenant.tenantId,
      badgeUid: nextUid(),
      mode: "STD",
      holder: "Ada",
    });
    const secrets = [commKey, df1, ...issued.chipKeys].map(({ bytes }) => Buffer.from(bytes));
    if (process.platform !== "win32") {
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(statSync(join(folder, "keys")).mode & 0o777, 0o700);
      for (const { path, mode } of files(folder)) assert.equal(mode, 0o600, path);
    }
    const seen = files(folder).filter(({ path }) => !path.endsWith(".key"));
    assert.ok(
      seen.some(({ bytes }) => bytes.includes(tenant.tenantId)),
      "the search would find it",
    );
    for (const { path, bytes } of seen) {
      for (const token of [adminToken, enrolToken]) {
        assert.ok(!bytes.includes(token), path);
        assert.ok(!bytes.includes(Buffer.from(token.slice(4), "base64url")), path);
      }
      for (const secret of secrets) assert.ok(!bytes.includes(secret), path);
    }
    service.close();
  });

  it("does not start on keys that others can read, on missing or on broken ones", async () => {
    (await openServiceFolder({ folder })).service.close();
    const key = join(folder, "keys", "vault.key");
    if (process.platform !== "win32") {
      chmodSync(key, 0o644);
      await assert.rejects(openServiceFolder({ folder }), { code: "config-invalid" });
      chmodSync(key, 0o600);
    }
    const content = readFileSync(key);
    writeFileSync(key, "hello");
    await assert.rejects(openServiceFolder({ folder }), { code: "config-invalid" });
    rmSync(key);
    await assert.rejects(openServiceFolder({ folder }), { code: "config-invalid" });
    writeFileSync(key, content, { mode: 0o600 });
    (await openServiceFolder({ folder })).service.close();
  });

  it("says address-in-use when the port is taken, and lets go of the database", async () => {
    const first = await startServer({ folder });
    const other = join(folder, "..", "other");
    const second = startServer({ folder: other, port: first.port });
    await assert.rejects(second, { code: "address-in-use" });
    (await openServiceFolder({ folder: other })).service.close();
    await first.close();
  });

  it("knows nodes, badges and counters after a restart; sessions begin anew by themselves", async () => {
    let server = await startServer({ folder });
    const { tenantId } = server.firstStart!.tenant;
    const provisioning = await server.service.admin.provisioning(tenantId);
    const { url, port } = server;
    // With retries: `fetch` tries the connection of the server that is gone first.
    const retry = { attempts: 3, baseMs: 0, maxMs: 0 };
    const reader = new TestNode(provisioning, overHttp, clock, { baseUrl: url, retry });
    nodes.push(reader);
    await reader.boot();
    const issued = await server.service.admin.issueBadge({
      tenantId,
      badgeUid: nextUid(),
      mode: "STD",
      holder: "Ada",
    });
    const card = chipOf(issued);
    for (let i = 0; i < 3; i++) assert.equal((await reader.tap(card)).granted, true);
    const before = reader.nodeUid;
    await server.close();
    server = await startServer({ folder, port });
    // A question that may be asked again finds out that the connection is gone.
    await reader.identity.syncTime();
    assert.equal(reader.nodeUid, before);
    const rollback = await reader.tap(chipOf(issued, 2));
    assert.deepEqual(rollback.granted ? "granted" : rollback.reason, "badge-cloned");
    assert.equal((await reader.tap(card)).granted, true);
    assert.equal((await server.service.admin.verifyAudit(tenantId)).intact, true);
    await server.close();
  });

  it("changes its signing key by a second file: the new one signs, the old one is still known", async () => {
    const first = await openServiceFolder({ folder });
    const { tenantId } = first.firstStart!.tenant;
    const [oldKey] = (await first.service.admin.provisioning(tenantId)).serverKeys;
    first.service.close();
    writeFileSync(join(folder, "keys", "signing-2.key"), "11".repeat(32), { mode: 0o600 });
    const second = await openServiceFolder({ folder });
    const keys = (await second.service.admin.provisioning(tenantId)).serverKeys.map(toHex);
    assert.equal(keys.length, 2);
    assert.equal(keys[1], toHex(oldKey!));
    second.service.close();
  });

  it("answers what is under way when it is told to stop", async () => {
    const server = await startServer({ folder });
    const asking = Promise.all(Array.from({ length: 20 }, () => fetch(`${server.url}/healthz`)));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await server.close();
    const statuses = (await asking.catch(() => [])).map(({ status }) => status);
    for (const status of statuses) assert.ok(status === 200 || status === 503);
    await assert.rejects(fetch(`${server.url}/healthz`));
  });

  it("killed in the middle of its writes, it loses no decision that it had answered", async function () {
    this.timeout(60_000);
    let child = await serve(folder);
    const { tenantId } = child.firstStart!.tenant;
    const reopened = await openServiceFolder({ folder }); // the command line, beside the server
    const provisioning = await reopened.service.admin.provisioning(tenantId);
    const cards = [];
    for (let i = 0; i < 4; i++) cards.push(await badge(reopened.service, tenantId));
    reopened.service.close();
    const answered: BadgeDecision[] = [];
    const counters = new Map<string, number>();
    for (let round = 0; round < 3; round++) {
      const reader = new TestNode(provisioning, overHttp, clock, { baseUrl: child.url });
      nodes.push(reader);
      await reader.boot();
      const enough = answered.length + 8 + 5 * round;
      const tapping = cards.map(async (card) => {
        for (;;) {
          const decision = await reader.tap(card).catch(() => undefined);
          if (decision === undefined) return;
          answered.push(decision);
          // The other cards' taps are under way.
          if (answered.length === enough) child.process.kill("SIGKILL");
          if (decision.granted) counters.set(toHex(card.uid), card.file(2).readCounter);
        }
      });
      await Promise.all(tapping);
      child = await serve(folder);
      assert.equal(child.firstStart, undefined);
    }
    child.process.kill("SIGTERM");
    const { service } = await openServiceFolder({ folder });
    const rows = await service.admin.auditRows(tenantId, 100_000);
    const recorded = new Set(rows.map(({ data }) => JSON.parse(data).challenge_id));
    assert.ok(answered.length > 20, `${answered.length} taps were answered`);
    for (const { challengeId } of answered) assert.ok(recorded.has(challengeId));
    for (const card of cards) {
      const stored = await service.admin.badge(tenantId, card.uid);
      assert.ok(stored!.readCounter >= (counters.get(toHex(card.uid)) ?? 0));
    }
    assert.equal((await service.admin.verifyAudit(tenantId)).intact, true);
    assert.equal((await service.admin.nodes(tenantId)).length, 1);
    service.close();
  });

  interface Served {
    readonly process: ChildProcess;
    readonly url: string;
    readonly firstStart: { readonly tenant: { readonly tenantId: string } } | undefined;
  }

  function serve(where: string): Promise<Served> {
    const child = spawn(process.execPath, [SERVE, where], { stdio: ["ignore", "pipe", "ignore"] });
    children.push(child);
    return new Promise((resolve, reject) => {
      child.on("exit", (status) => reject(new Error(`the server ended with ${status}`)));
      child.stdout!.once("data", (line) =>
        resolve({ process: child, ...JSON.parse(String(line)) }),
      );
    });
  }
});
