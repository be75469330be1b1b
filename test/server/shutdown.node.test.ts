import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HttpClient } from "../../protocol/platform.ts";
import { createServer } from "../../server/app.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { openServiceFolder, startServer } from "../../server/start.ts";
import { Desk, TestNode, warm } from "./desk.ts";
import { serverProcess } from "./replicas.ts";

const clock = {
  get nowMs() {
    return performance.now();
  },
};

/** Over connections that stay, as proxies have them; a torn answer is an error of its own. */
function keptAlive(agent: Agent): HttpClient {
  return {
    request: ({ method, url, headers, body }) =>
      new Promise((resolve, reject) => {
        const asking = request(url, { method, headers, agent }, (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => {
            text += part;
          });
          answer.on("end", () =>
            resolve({
              status: answer.statusCode!,
              headers: answer.headers as Record<string, string>,
              body: text,
            }),
          );
          answer.on("error", () => reject(new Error("torn")));
        });
        asking.on("error", reject);
        asking.end(body);
      }),
  };
}

describe("a server that is told to stop", function () {
  this.timeout(60_000);

  it("answers every request that it has begun, and takes no more", async () => {
    const desk = new Desk();
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    let closed = false;
    const handle = async (): Promise<ServiceResponse> => {
      begun++;
      await gate.promise;
      assert.equal(closed, false, "its stores are open until then");
      return { status: 200, headers: {}, body: "whole" };
    };
    const close = async () => {
      closed = true;
    };
    const service = { ...desk.service, handle, close };
    const app = createServer({ service, log: { write: () => {} }, requestId: () => "1" });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const asked = Array.from({ length: 50 }, () => fetch(url));
    while (begun < 50) await new Promise((resolve) => setImmediate(resolve));
    const ending = app.close();
    while (app.server.listening) await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(fetch(url), /fetch failed/, "the door to new ones is shut");
    gate.resolve();
    const bodies = await Promise.all((await Promise.all(asked)).map((answer) => answer.text()));
    assert.deepEqual(bodies, Array(50).fill("whole"));
    await ending;
    assert.equal(closed, true);
    desk.close();
  });

  it("says at readyz that it is about to end, for as long as balancers need, and works on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const server = await startServer({ folder, drainMs: 3000 });
    const get = async (path: string) => (await fetch(`${server.url}/${path}`)).status;
    assert.equal(await get("readyz"), 200);
    const ending = server.close();
    assert.deepEqual([await get("readyz"), await get("healthz")], [503, 200]);
    await ending;
    await assert.rejects(get("readyz"));
    rmSync(folder, { recursive: true });
  });

  it("under load tears no answer, has kept all it acknowledged, and ends with 0", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const data = join(folder, "data");
    const server = await serverProcess(data);
    const { tenantId } = server.firstStart!.tenant;
    const beside = await openServiceFolder({ folder: data });
    const provisioning = await beside.service.admin.provisioning(tenantId);
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const http = keptAlive(agent);
    const outcomes = new Map<string, number>();
    const acknowledged = new Map<string, number>();
    let signalled = false;
    let answeredLate = 0;
    const load = Array.from({ length: 8 }, async (_, n) => {
      const name = `node ${n}`;
      const node = new TestNode(provisioning, http, clock, { baseUrl: server.url, http, name });
      await node.boot();
      for (let seq = 1; ; seq++) {
        try {
          await node.report([warm(seq)]);
          acknowledged.set(node.nodeUid, seq);
          if (signalled) answeredLate++;
        } catch (error) {
          const { code = "", cause } = error as { code?: string; cause?: { message?: string } };
          const outcome = cause?.message === "torn" ? "torn" : code;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          node.identity.close();
          return;
        }
      }
    });
    while ([...acknowledged.values()].reduce((sum, n) => sum + n, 0) < 100)
      await new Promise((resolve) => setTimeout(resolve, 5));
    signalled = true;
    server.process.kill("SIGTERM");
    const [status] = await once(server.process, "exit");
    await Promise.all(load);
    agent.destroy();
    assert.equal(status, 0);
    assert.equal(
      [...outcomes.values()].reduce((sum, n) => sum + n, 0),
      8,
      "each load has ended",
    );
    for (const outcome of outcomes.keys())
      assert.match(outcome, /^(unavailable|network-failed)$/, "refused or not let in");
    assert.ok(answeredLate > 0, "requests that were under way were answered");
    for (const [nodeUid, seq] of acknowledged) {
      const [newest] = await beside.service.admin.readings(tenantId, nodeUid, 1);
      assert.ok(newest!.reading.seq >= seq, `reading ${seq} of ${nodeUid}`);
    }
    await beside.service.close();
    rmSync(folder, { recursive: true });
  });
});
