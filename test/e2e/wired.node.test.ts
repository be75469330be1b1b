/** The four calls over an RS-485 pair, through gateways that are honest and ones that are not. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { fromBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { WiredRequest, WiredResponse } from "../../protocol/wired/message.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { BASE_URL, type Carry, WiredBench } from "../firmware/wired-bench.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { codeOf, Desk, MapStorage } from "../server/desk.ts";

const idle = (): Promise<void> => new Promise((done) => setImmediate(done));
/** The reference product's payload, of the node that says who it is. */
function reading(identity: IdentityNode, tenantId: string): JsonObject {
  const { nodeUid } = identity.state;
  const names = { node_uid: nodeUid!, tenant_id: tenantId, node_type: "sensor" };
  return { request: "record_sensor_data", ...names, temperature: 21.5 };
}

interface Carried {
  readonly request: WiredRequest;
  readonly response: WiredResponse;
}

/** A server, a wire and a node on it; the gateway's honesty is the test's. */
async function wiredDesk() {
  const desk = new Desk();
  const seen: Carried[] = [];
  const honest: Carry = async (request) => {
    const { id, path, authorization, body } = request;
    const answer = await desk.post(path, body, authorization === "" ? {} : { authorization });
    const contentType = answer.headers["content-type"] ?? "";
    const { status, body: text } = answer;
    const response = { kind: "response", id, status, contentType, body: text } as const;
    seen.push({ request, response });
    return response;
  };
  const bench = new WiredBench({ idle, carry: honest });
  const provisioning = await desk.tenant();
  const identity = new IdentityNode({
    baseUrl: BASE_URL,
    nodeType: "sensor",
    ...provisioning,
    retry: { attempts: 1, baseMs: 0, maxMs: 0 },
    platform: {
      clock: { monotonicMs: () => bench.world.nowUs() / 1000 },
      timer: bench.timer,
      random: bench.world.rng("node"),
      storage: new MapStorage(),
      http: bench.nodes.get(1)!,
      crypto: nodeCrypto,
      log: { write: () => {} },
    },
  });
  await bench.pass(200);
  /** Runs the world until a call is over. */
  const over = async <T>(call: Promise<T>): Promise<T> => {
    let settled = false;
    const end = () => {
      settled = true;
    };
    call.then(end, end);
    await bench.world.run(() => settled, 60_000_000);
    return call;
  };
  const last = (path: string) => seen.findLast(({ request }) => request.path.endsWith(path))!;
  const post = () => over(identity.postEncrypted(reading(identity, provisioning.tenantId)));
  return { desk, bench, identity, honest, seen, over, last, post };
}

type Wired = Awaited<ReturnType<typeof wiredDesk>>;

async function connected(): Promise<Wired> {
  const wired = await wiredDesk();
  await wired.over(wired.identity.ensureRegistered());
  await wired.over(wired.identity.authenticate());
  return wired;
}

/** One bit of the longest base64url text in a JSON body. */
function bendBody(body: string): string {
  const texts = [...body.matchAll(/"([A-Za-z0-9_-]{20,})"/g)].map(([, text]) => text!);
  const longest = texts.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) return body;
  const bytes = fromBase64(longest);
  bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 1;
  return body.replace(longest, toBase64Url(bytes));
}

describe("a node on a wire, behind an honest gateway", () => {
  it("registers, proves itself and posts", async () => {
    const { identity, post, desk } = await connected();
    const answer = await post();
    assert.equal(answer["status"], "ok");
    identity.close();
    desk.close();
  });

  it("shows the gateway no reading and no key", async () => {
    const { identity, post, seen, desk } = await connected();
    await post();
    const heard = JSON.stringify(seen);
    assert.ok(!heard.includes("21.5") && !heard.includes("record_sensor_data"));
    identity.close();
    desk.close();
  });
});

describe("a gateway that is not honest", () => {
  it("gets no further than a broken line by altering what it carries", async () => {
    for (const way of ["up", "down"] as const) {
      const { bench, identity, over, honest, desk, post } = await wiredDesk();
      bench.carry = async (request) => {
        if (way === "up") return honest({ ...request, body: bendBody(request.body) });
        const response = (await honest(request)) as WiredResponse;
        return { ...response, body: bendBody(response.body) };
      };
      const failure = await over(identity.ensureRegistered()).then(
        () => "registered",
        (error: { code: string }) => error.code,
      );
      assert.match(failure, /^(registration-refused|signature-invalid|server-untrusted)$/, way);
      bench.carry = honest;
      await over(identity.ensureRegistered());
      await over(identity.authenticate());
      bench.carry = async (request) => {
        const response = (await honest(request)) as WiredResponse;
        return { ...response, body: bendBody(response.body) };
      };
      const posted = post();
      await assert.rejects(posted, { name: "LatchkeyError" }, way);
      identity.close();
      desk.close();
    }
  });

  it("passes no earlier answer off as a new one", async () => {
    const { bench, identity, honest, desk, last, post } = await connected();
    await post();
    const old = last("ii_post").response;
    bench.carry = async (request) =>
      request.path.endsWith("ii_post") ? { ...old, id: request.id } : honest(request);
    await assert.rejects(post(), { name: "LatchkeyError" });
    identity.close();
    desk.close();
  });

  it("opens nothing with the token that it sees, and repeats nothing", async () => {
    const { identity, desk, last, post } = await connected();
    await post();
    const { request } = last("ii_post");
    const headers = { authorization: request.authorization };
    assert.equal(codeOf(await desk.post(request.path, request.body, headers)), "replay");
    const forged = { ...JSON.parse(request.body), seq: 900 };
    assert.notEqual(codeOf(await desk.post(request.path, forged, headers)), "ok");
    const plain = await desk.post(request.path, { request: "record_sensor_data" }, headers);
    assert.notEqual(codeOf(plain), "ok");
    identity.close();
    desk.close();
  });

  it("is not taken for the server when it answers itself", async () => {
    const { bench, identity, desk, over } = await wiredDesk();
    const rogue = new Desk({ seed: "rogue" });
    await rogue.tenant();
    bench.carry = async ({ id, path, body }) => {
      const { status, body: text } = await rogue.post(path, body);
      return { kind: "response", id, status, contentType: "application/json", body: text };
    };
    // The refusal alone would be "registration-refused"; the time that goes with it is not signed.
    await rejectsCode(over(identity.ensureRegistered()), "server-untrusted");
    bench.carry = async ({ id }) => ({
      ...{ kind: "response", id, status: 200, contentType: "application/json" },
      body: '{"granted":true}',
    });
    await assert.rejects(over(identity.ensureRegistered()), { name: "LatchkeyError" });
    identity.close();
    rogue.close();
    desk.close();
  });
});
