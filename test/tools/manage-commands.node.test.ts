import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Provisioning } from "../../server/admin.ts";
import { type RunningServer, startServer } from "../../server/start.ts";
import { openManager } from "../../tools/manage/open-manager.ts";
import { overHttp, TestNode } from "../server/desk.ts";
import { FakeWorld } from "./fake-context.ts";

describe("latchkey node, operator, backend and audit", () => {
  let folder: string;
  let server: RunningServer;
  let provisioning: Provisioning;
  let node: TestNode;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-manage-"));
    server = await startServer({ folder, registration: "approve" });
    const { tenantId } = server.firstStart!.tenant;
    provisioning = await server.service.admin.provisioning(tenantId);
    const clock = { nowMs: Date.now() };
    node = new TestNode(provisioning, overHttp, clock, { baseUrl: server.url });
    node.nodeUid = (await node.identity.ensureRegistered()).nodeUid;
  });
  afterEach(async () => {
    node.identity.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const world = (token = server.firstStart!.adminToken): FakeWorld =>
    new FakeWorld({ env: { LATCHKEY_TOKEN: token }, openManager });
  const remote = () => ["--url", server.url, "--tenant", provisioning.tenantId];
  const local = () => ["--data", folder];

  /** The JSON lines of a command but the last, which has to say that it went well. */
  async function items(...words: string[]): Promise<Record<string, unknown>[]> {
    const { exitCode, err } = await (async () => {
      const run = world();
      const done = await run.run(words[0]!, ...words.slice(1), "--json");
      found = run.events();
      return done;
    })();
    assert.equal(exitCode, 0, err + JSON.stringify(found));
    return found.slice(0, -1);
  }
  let found: Record<string, unknown>[] = [];

  for (const [where, place] of [
    ["on the server's data", local],
    ["on a server elsewhere", remote],
  ] as const)
    describe(where, () => {
      it("lets a node in that waits, and shuts it out", async () => {
        const waiting = await items("node", "list", "--status", "pending", ...place());
        assert.deepEqual(
          waiting.map(({ type, node_uid }) => [type, node_uid]),
          [["node", node.nodeUid]],
        );
        await items("node", "approve", node.nodeUid, ...place());
        await node.identity.authenticate();
        await items("node", "change", node.nodeUid, "--label", "Front", ...place());
        const report = { uptime_s: 1, firmware: "1.4.0", state: "READY", granted: 0, denied: 0 };
        await node.identity.checkIn({ ...report, faults: 0, boot_reason: "watchdog", queue: 3 });
        const { out } = await world().run("node", "list", ...place());
        assert.match(out, /reader {2}registered {2}"Front" {2}1\.4\.0 {2}READY {2}boot watchdog/);
        assert.match(out, /queue 3 {2}seen \d{4}-/);
        await items("node", "rotate", node.nodeUid, ...place());
        assert.match((await world().run("node", "list", ...place())).out, /takes another key/);
        const keyBefore = (await node.identity.init()).nodePk;
        await node.identity.checkIn({ ...report, faults: 0 });
        assert.notDeepEqual((await node.identity.init()).nodePk, keyBefore);
        await items("node", "revoke", node.nodeUid, ...place());
        await assert.rejects(node.identity.checkIn(report), { code: "node-revoked" });
        const late = await world().run("node", "approve", node.nodeUid, ...place());
        assert.equal(late.exitCode, 4);
        assert.match(late.err, /node-revoked/);
      });

      it("makes an operator who may do what the role says, and no more after that", async () => {
        const made = await items("operator", "add", "ada", "--role", "auditor", ...place());
        const token = String(made.find(({ type }) => type === "secret")?.["value"]);
        const asAda = (...words: string[]) => world(token).run(words[0]!, ...words.slice(1));
        assert.equal((await asAda("audit", "verify", ...remote())).exitCode, 0);
        const refused = await asAda("node", "approve", node.nodeUid, ...remote());
        assert.match(refused.err, /forbidden-role/);
        await items("operator", "role", "ada", "--role", "manager", ...place());
        assert.equal((await asAda("node", "approve", node.nodeUid, ...remote())).exitCode, 0);
        const [listed] = await items("operator", "list", ...place());
        assert.deepEqual([listed?.["name"], listed?.["role"]], ["ada", "manager"]);
        await items("operator", "remove", "ada", ...place());
        assert.match((await asAda("node", "list", ...remote())).err, /unauthenticated/);
      });

      it("gives a back end its token, once, and takes it back", async () => {
        const made = await items("backend", "add", "shop", ...place());
        assert.match(String(made.find(({ type }) => type === "secret")?.["value"]), /^lkb_/);
        const [listed, ...others] = await items("backend", "list", ...place());
        assert.deepEqual([listed?.["label"], others.length], ["shop", 0]);
        const uid = String(listed?.["node_uid"]);
        await items("backend", "revoke", uid, ...place());
        const { out } = await world().run("backend", "list", ...place());
        assert.match(out, /shop {2}revoked/);
      });

      it("lists who came in, and who did not, of the tenant and of none", async () => {
        const kinds = (rows: readonly Record<string, unknown>[]) => rows.map(({ kind }) => kind);
        await items("node", "approve", node.nodeUid, ...place());
        await node.identity.authenticate();
        const asked = ["--kind", "node-login", "--kind", "operator-login", ...place()];
        assert.deepEqual(kinds(await items("audit", "list", ...asked)), ["node-login"]);
        const wrong = await world("lka_wrong").run("node", "list", ...remote());
        assert.match(wrong.err, /unauthenticated/);
        const ofNone = await items("audit", "list", "--server", ...place());
        assert.equal(kinds(ofNone).at(-1), "login-refused");
        assert.equal((await world().run("audit", "verify", "--server", ...place())).exitCode, 0);
        const { out } = await world().run("audit", "list", "--server", ...place());
        assert.match(out, /login-refused {2}\{"way":"operator","from":"127\.0\.0\.1","code":/);
      });

      it("issues a token with which a node comes in", async () => {
        const made = await items("node", "token", "--minutes", "5", ...place());
        const enrolToken = String(made.find(({ type }) => type === "secret")?.["value"]);
        await server.service.admin.setRegistration(provisioning.tenantId, "token");
        const clock = { nowMs: Date.now() };
        const options = { baseUrl: server.url, name: "second", enrolToken };
        const second = new TestNode(provisioning, overHttp, clock, options);
        await second.boot();
        second.identity.close();
      });

      it("finds a row that was altered, and one that was cut off behind a noted hash", async () => {
        for (const name of ["a", "b", "c"])
          await items("operator", "add", name, "--role", "operator", ...place());
        const [verdict] = await items("audit", "verify", ...place());
        const { head, rows } = verdict!["fields"] as { head: string; rows: number };
        assert.ok(rows >= 4);
        const rows2 = await items("audit", "list", ...place());
        assert.equal(rows2.at(-1)?.["hash"], head);
        assert.equal(
          (await world().run("audit", "verify", "--head", head, ...place())).exitCode,
          0,
        );
        const db = new DatabaseSync(join(folder, "latchkey.db"));
        db.exec("DROP TRIGGER audit_no_delete; DROP TRIGGER audit_no_update");
        db.exec("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)");
        assert.equal((await world().run("audit", "verify", ...place())).exitCode, 0, "unseen");
        const cut = await world().run("audit", "verify", "--head", head, ...place());
        assert.equal(cut.exitCode, 1);
        assert.match(cut.out, /cut off/);
        db.exec("UPDATE audit SET data = replace(data, '\"a\"', '\"z\"')");
        db.close();
        const altered = await world().run("audit", "verify", ...place());
        assert.equal(altered.exitCode, 1);
        assert.match(altered.out, /altered/);
      });
    });

  it("registers a mandate, and collects its export into a file, once", async () => {
    const identity = "ab".repeat(32);
    const order = ["--country", "DE", "--court", "AG Mitte", "--identity", identity];
    const made = await items("mandate", "register", "5 Gs 17/26", ...order, ...local());
    const { mandate_id } = made[0]!["fields"] as { mandate_id: string };
    const key = String(made.find(({ type }) => type === "secret")?.["value"]);
    const collect = async (more: Record<string, string> = {}) => {
      const env = { LATCHKEY_TOKEN: server.firstStart!.adminToken, ...more };
      const with_ = new FakeWorld({ env, openManager });
      const run = await with_.run("mandate", "collect", mandate_id, "--out", "e.json", ...remote());
      return { ...run, files: with_.files, secret: with_.secretFiles };
    };
    assert.match((await collect()).err, /LATCHKEY_COLLECTION_KEY/);
    const wrong = await collect({ LATCHKEY_COLLECTION_KEY: "A".repeat(43) });
    assert.match(wrong.err, /collection-key-wrong/);
    assert.deepEqual([...wrong.files.keys()], [], "no empty file is left");
    const good = await collect({ LATCHKEY_COLLECTION_KEY: key });
    assert.equal(good.exitCode, 0, good.err);
    assert.ok(good.secret.has("/desk/e.json"));
    assert.equal(JSON.parse(String(good.files.get("/desk/e.json"))).identity_hash, identity);
    assert.match((await collect({ LATCHKEY_COLLECTION_KEY: key })).err, /mandate-closed/);
    const [listed] = await items("mandate", "list", ...remote());
    assert.deepEqual([listed?.["type"], listed?.["state"]], ["mandate", "collected"]);
  });

  it("says what is missing on the command line", async () => {
    for (const [words, what] of [
      [["node"], /one of list, approve/],
      [["node", "aprove", "x"], /did you mean/],
      [["node", "approve"], /needs a node/],
      [["node", "change", "x"], /--label, --zone or --relay-ms/],
      [["operator", "add", "x"], /--role is one of admin/],
      [["operator", "add", "x", "--role", "root"], /--role is one of admin/],
      [["backend", "role", "x"], /--role is one of user/],
      [["mandate", "register", "x", "--country", "DE"], /needs --court/],
      [["mandate", "collect", "x"], /--out says/],
      [["audit", "verify", "--head", "x"], /64 hexadecimal digits/],
      [["node", "list", "--url", "http://x"], /--tenant is needed/],
    ] as const) {
      const { exitCode, err } = await world().run(words[0], ...words.slice(1), "--data", folder);
      assert.equal(exitCode, 2, words.join(" "));
      assert.match(err, what);
    }
    const noToken = new FakeWorld({ openManager });
    assert.match((await noToken.run("node", "list", "--url", "http://x")).err, /LATCHKEY_TOKEN/);
  });
});
