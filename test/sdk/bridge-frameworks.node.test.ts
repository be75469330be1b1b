import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { build } from "esbuild";
import Fastify from "fastify";
import { Hono } from "hono";
import { notesOnExpress } from "../../examples/back-ends/express.ts";
import { notesOnFastify } from "../../examples/back-ends/fastify.ts";
import { notesOnHono } from "../../examples/back-ends/hono.ts";
import { notesOnNodeHttp } from "../../examples/back-ends/node-http.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import type { Provisioning } from "../../server/admin.ts";
import { type BridgeOptions, identityBridge } from "../../server/bridge/bridge.ts";
import { AppDesk, resend, type TestApplication } from "./app-desk.ts";

/** Has an example listen as its framework does; gives what `AppDesk.listen` can start. */
const EXAMPLES: Readonly<Record<string, (options: BridgeOptions) => Promise<Server>>> = {
  "node:http": async (options) => notesOnNodeHttp(options),
  Express: async (options) => createServer(notesOnExpress(options)),
  Fastify: async (options) => {
    const app = notesOnFastify(options);
    await app.ready();
    return createServer((req, res) => app.routing(req, res));
  },
  Hono: async (options) => createAdaptorServer({ fetch: notesOnHono(options).fetch }) as Server,
};

describe("the bridge", () => {
  let desk: AppDesk;
  let tenant: Provisioning;

  before(async () => {
    desk = await AppDesk.open();
    tenant = await desk.tenant();
  });
  after(() => desk.close());

  for (const [name, start] of Object.entries(EXAMPLES)) {
    describe(`in ${name}`, () => {
      let url: string;
      let ada: TestApplication;

      before(async () => {
        url = await desk.listen(await start(await desk.bridge(tenant)));
        ada = desk.application(tenant, `ada-${name.replaceAll(":", "")}`);
      });

      it("tells one identity from another, and answers each sealed", async () => {
        const bob = desk.application(tenant, `bob-${name.replaceAll(":", "")}`);
        const first = await ada.identity.postEncrypted(`${url}/notes`, { note: "of Ada" });
        assert.deepEqual(first, { status: 200, body: { status: "ok", data: ["of Ada"] } });
        const other = await bob.identity.postEncrypted(`${url}/notes`, { note: "of Bob" });
        assert.deepEqual(other.body, { status: "ok", data: ["of Bob"] });
        assert.ok(!ada.wire.last("/notes").body.includes("Ada"));
      });

      it("says why it refuses, where the application understands it", async () => {
        const asking = ada.identity.postEncrypted(`${url}/notes/all`, {});
        await assert.rejects(asking, (e) => isLatchkeyError(e, "forbidden-role"));
        assert.equal(await resend(ada.wire.last("/notes")), "replay");
        const bare = await fetch(`${url}/notes`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        });
        assert.equal(bare.status, 401);
        assert.match(bare.headers.get("content-type")!, /^application\/problem\+json/);
      });

      it("lets an admin do what an admin may, from the next request on", async () => {
        const { identityHash } = await ada.identity.whoAmI();
        const { applications } = desk.desk.service.admin;
        await applications.setRole(tenant.tenantId, identityHash, "admin");
        const all = await ada.identity.postEncrypted(`${url}/notes/all`, {});
        assert.deepEqual(all.body["data"], ["of Ada", "of Bob"]);
      });
    });
  }

  it("leaves the headers that were set before, such as those of CORS", async () => {
    const bridge = identityBridge(await desk.bridge(tenant));
    const app = Fastify();
    app.post("/x", async (request, reply) => {
      await bridge.authenticate(request);
      return bridge.sendEncrypted(reply.header("x-own", "kept"), {});
    });
    await app.ready();
    const hono = new Hono().post("/x", async (c) => {
      await bridge.authenticate(c.req);
      c.header("x-own", "kept");
      return bridge.sendEncrypted(c, {});
    });
    const bare = createServer(async (req, res) => {
      await bridge.authenticate(req);
      await bridge.sendEncrypted(res.setHeader("x-own", "kept"), {});
    });
    const fastify = createServer((req, res) => app.routing(req, res));
    const { identity, wire } = desk.application(tenant, "headers");
    for (const server of [fastify, createAdaptorServer({ fetch: hono.fetch }) as Server, bare]) {
      const url = await desk.listen(server);
      assert.equal((await identity.postEncrypted(`${url}/x`, {})).status, 200);
      assert.equal(wire.answers.at(-1)?.headers["x-own"], "kept");
    }
  });

  it("answers what is far too long, and keeps none of it", async () => {
    const url = await desk.echo(await desk.bridge(tenant));
    const { identity } = desk.application(tenant, "long");
    const authorization = `Bearer ${await identity.ensureJwt()}`;
    const body = `{"ct":"${"A".repeat(2 ** 20)}"}`;
    assert.equal(
      await resend({ method: "POST", url, headers: { authorization }, body }),
      "malformed",
    );
  });

  it("protects a fetch handler, which returns its Response", async () => {
    const bridge = identityBridge(await desk.bridge(tenant));
    const { identity, wire } = desk.application(tenant, "fetch");
    const url = await desk.listen(
      createServer((_req, res) => {
        res.writeHead(418).end("{}");
      }),
    );
    await identity.postEncrypted(`${url}/x`, { n: 1 }).catch(() => {});
    const { method, headers, body } = wire.last("/x");
    const request = new Request(`${url}/x`, { method, headers, body });
    assert.deepEqual((await bridge.authenticate(request)).body, { n: 1 });
    const response = await bridge.sendEncrypted(request, { done: true });
    assert.equal(response.status, 200);
    assert.deepEqual(Object.keys((await response.json()) as object), ["v", "sid", "seq", "ct"]);
  });

  it("has 5 kB at most when it is minified, and needs nothing", async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: ["server/bridge/bridge.ts"],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      write: false,
      metafile: true,
    });
    const bytes = outputFiles[0]!.contents.length;
    assert.ok(bytes <= 5000, `${bytes} bytes`);
    assert.ok(bytes > 1000, "nothing was bundled");
    const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
    assert.deepEqual(imported, []);
    const inputs = Object.keys(metafile.inputs);
    assert.ok(inputs.every((input) => input.startsWith("server/bridge/")));
  });

  it("does not speak to a server in clear that is elsewhere", () => {
    const token = "lkb_x";
    assert.throws(() => identityBridge({ serverUrl: "http://id.example", token }), TypeError);
    assert.ok(identityBridge({ serverUrl: "https://id.example", token }));
    assert.ok(identityBridge({ serverUrl: "http://127.0.0.1:1", token }));
  });
});
