import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseReaderConfig } from "../../firmware/config.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { openServiceFolder, startServer } from "../../server/start.ts";
import { tenantFields } from "../../server/tenant-fields.ts";
import { openManager } from "../../tools/manage/open-manager.ts";
import { launchServer } from "../../tools/server-launcher.ts";
import { Desk, inProcess } from "../server/desk.ts";
import { AuthorityBench } from "./authority-bench.ts";

const FACTS = ["--product", "reader-pico-2w", "--release", "1.4.0"];

describe("latchkey authority publish, and release publish", function () {
  this.timeout(120_000);
  let bench: AuthorityBench;
  let server: Awaited<ReturnType<typeof startServer>>;
  before(async () => {
    bench = new AuthorityBench();
    const folder = join(bench.home, ".latchkey/server");
    server = await startServer({ folder, clock: { unixMs: () => bench.nowMs } });
    Object.assign(bench.world.context, {
      openAdmin: async (folder: string) =>
        (await openServiceFolder({ folder, clock: { unixMs: () => bench.nowMs } })).service,
    });
    assert.equal((await bench.run("authority", "new")).exitCode, 0);
    writeFileSync(join(bench.home, "image.bin"), Buffer.alloc(5000, 3));
  });
  after(async () => {
    await server.close();
    bench.remove();
  });

  it("gives images to a server that runs, once it knows whose they must be", async () => {
    await bench.run("release", "sign", "image.bin", ...FACTS, "--security", "7");
    const early = await bench.fields("release", "publish", "image.bin");
    assert.deepEqual([early["exitCode"], early["code"]], [4, "not-found"]);
    const { tenantId } = server.firstStart!.tenant;
    const before = tenantFields(await server.service.admin.provisioning(tenantId));
    assert.ok(!("authority" in before), "there is none yet");
    const known = await bench.fields("authority", "publish");
    assert.equal(known["exitCode"], 0, String(known["message"]));
    assert.equal(known["identity"], bench.graph().document.id);
    const done = await bench.fields("release", "publish", "image.bin");
    assert.deepEqual([done["exitCode"], done["version"]], [0, "1.4.0"]);
    await bench.run("release", "sign", "image.bin", ...FACTS, "--security", "6");
    const older = await bench.fields("release", "publish", "image.bin");
    assert.equal(older["code"], "firmware-rollback");
  });

  it("is written into the configurations of nodes from then on", async () => {
    const { admin } = server.service;
    const { tenantId } = server.firstStart!.tenant;
    const { authority } = tenantFields(await admin.provisioning(tenantId));
    assert.equal(authority, bench.graph().document.id);
    // `latchkey init` again, beside a server that has one.
    bench.world.context.serve = launchServer;
    const run = await bench.run("init", "--force");
    assert.equal(run.exitCode, 0, run.err);
    const written = readFileSync(join(bench.home, "latchkey.json"), "utf8");
    assert.equal(parseReaderConfig(written).authority, authority);
  });

  it("says which nodes nobody vouches for, when that is asked for", async () => {
    const { admin } = server.service;
    const { tenantId } = server.firstStart!.tenant;
    const desk = new Desk();
    desk.nowMs = bench.nowMs;
    const http = inProcess(server.service);
    const node = desk.node(await admin.provisioning(tenantId), { http });
    await node.boot();
    const required = await bench.run("authority", "publish", "--require-nodes");
    assert.equal(required.exitCode, 0, required.err);
    assert.match(required.err, new RegExp(`${node.nodeUid} has no delegation`));
    await assert.rejects(node.challenge(), { code: "node-undelegated" });
    const key = toBase64Url(node.nodePk);
    await bench.run("authority", "delegate", "--node", key, "--scope", "door:open");
    bench.nowMs += 1000;
    assert.equal((await bench.run("authority", "publish")).exitCode, 0);
    await node.identity.authenticate();
    await node.challenge();
    desk.close();
  });

  it("reaches a server elsewhere, with an operator's token, as well as one here", async () => {
    const { tenant, adminToken } = server.firstStart!;
    const elsewhere = ["--url", server.url, "--tenant", tenant.tenantId];
    Object.assign(bench.world.context, { openManager });
    assert.match((await bench.run("authority", "publish", ...elsewhere)).err, /LATCHKEY_TOKEN/);
    bench.env["LATCHKEY_TOKEN"] = adminToken;
    const known = await bench.fields("authority", "publish", ...elsewhere);
    assert.equal(known["exitCode"], 0, String(known["message"]));
    assert.deepEqual([known["identity"], known["refused"]], [bench.graph().document.id, 0]);
    await bench.run("release", "sign", "image.bin", ...FACTS, "--security", "8");
    const done = await bench.fields("release", "publish", "image.bin", ...elsewhere);
    assert.deepEqual([done["exitCode"], done["version"]], [0, "1.4.0"], String(done["message"]));
    const { admin } = server.service;
    const manager = { name: "m", role: "manager", tenantId: tenant.tenantId } as const;
    bench.env["LATCHKEY_TOKEN"] = await admin.createOperator(manager);
    assert.equal(
      (await bench.fields("release", "publish", "image.bin", ...elsewhere))["exitCode"],
      0,
    );
    const refused = await bench.fields("authority", "publish", ...elsewhere);
    assert.equal(refused["code"], "forbidden-role");
    const both = await bench.run("authority", "publish", ...elsewhere, "--data", "x");
    assert.match(both.err, /--url or --data/);
    const nameless = await bench.run("release", "publish", "image.bin", "--url", server.url);
    assert.match(nameless.err, /--tenant is needed/);
  });

  it("wants one of the two, and a tenant that there is", async () => {
    const both = await bench.run("authority", "publish", "--require-nodes", "--open-nodes");
    assert.equal(both.exitCode, 2);
    const tenant = ["--tenant", crypto.randomUUID()];
    assert.equal((await bench.fields("authority", "publish", ...tenant))["code"], "tenant-unknown");
  });
});
