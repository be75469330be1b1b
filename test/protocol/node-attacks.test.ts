import assert from "node:assert/strict";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { fromProblem } from "../../protocol/json/problem.ts";
import {
  CHALLENGE_PATH,
  POST_PATH,
  REGISTER_PATH,
  TIME_PATH,
  VERIFY_PATH,
} from "../../protocol/node/endpoints.ts";
import { NODE_UID_NAME } from "../../protocol/node/node-uid.ts";
import type { HttpRequest } from "../../protocol/platform.ts";
import { rejectsCode } from "./error-code.ts";
import { Bench } from "./fake-platform.ts";
import { BASE_URL } from "./fake-server.ts";

/** A node with a session, and everything that it sent so far: what an attacker has recorded. */
async function recorded() {
  const bench = new Bench();
  const identity = bench.node({ retry: { attempts: 1 } });
  await bench.time.settle(identity.syncTime());
  await bench.time.settle(identity.postEncrypted({ n: 1 }));
  const find = (path: string): HttpRequest =>
    bench.server.requests.find(({ url }) => url.endsWith(path))!;
  return { bench, identity, find };
}

function refused(bench: Bench, request: HttpRequest, code: ErrorCode): void {
  const { status, body } = bench.server.handle(request);
  assert.notEqual(status, 200, `${code} expected, but it was accepted`);
  assert.equal(fromProblem(status, body).code, code);
}

const change = (request: HttpRequest, fields: Record<string, unknown>): HttpRequest => ({
  ...request,
  body: JSON.stringify({ ...JSON.parse(request.body), ...fields }),
});

describe("an attacker who recorded a node's requests", () => {
  it("is told replay when repeating a sealed one, now and after many others", async () => {
    const { bench, identity, find } = await recorded();
    refused(bench, find(POST_PATH), "replay");
    for (let n = 0; n < 70; n++) await bench.time.settle(identity.postEncrypted({ n }));
    refused(bench, find(POST_PATH), "replay");
    assert.equal(bench.server.posts.length, 71);
    identity.close();
  });

  it("is told challenge-used when repeating the answer to a challenge", async () => {
    const { bench, identity, find } = await recorded();
    refused(bench, find(VERIFY_PATH), "challenge-used");
    identity.close();
  });

  it("uses up a challenge with a wrong answer as well", async () => {
    const { bench, identity } = await recorded();
    bench.server.sessions.clear();
    bench.server.intercept = async (request, forward) => {
      if (!request.url.endsWith(VERIFY_PATH)) return forward();
      await forward(change(request, { signature_b64: toBase64(new Uint8Array(64)) }));
      return forward();
    };
    await rejectsCode(bench.time.settle(identity.postEncrypted({ n: 2 })), "challenge-used");
    identity.close();
  });

  it("gains nothing by repeating a registration: the same node, the same name", async () => {
    const { bench, identity, find } = await recorded();
    const { status, body } = bench.server.handle(find(REGISTER_PATH));
    assert.equal(status, 200);
    assert.equal((JSON.parse(body) as { status: string }).status, "exists");
    assert.equal(bench.server.nodes.size, 1);
    identity.close();
  });

  it("cannot send a sealed one elsewhere, renumber it or move it to another session", async () => {
    const { bench, identity, find } = await recorded();
    const post = find(POST_PATH);
    refused(bench, { ...post, url: `${BASE_URL}/identity_iot/ii_other` }, "replay");
    const moved = { ...change(post, { seq: 9 }), url: `${BASE_URL}/identity_iot/ii_other` };
    refused(bench, moved, "envelope-invalid");
    refused(bench, change(post, { seq: 9 }), "envelope-invalid");
    refused(bench, change(post, { seq: 0 }), "replay");
    refused(
      bench,
      change(post, { sid: "00000000-0000-4000-8000-000000000000" }),
      "session-unknown",
    );
    refused(bench, change(post, { v: 2 }), "unsupported-version");
    refused(bench, change(post, { v: 0 }), "unsupported-version");
    // None of this has moved the window: the node goes on.
    await bench.time.settle(identity.postEncrypted({ n: 2 }));
    identity.close();
  });

  it("cannot use a session with another's token, nor a token without its key", async () => {
    const { bench, identity, find } = await recorded();
    const other = bench.node({ platform: { ...bench.platform, storage: new Bench().storage } });
    await bench.time.settle(other.postEncrypted({ n: 7 }));
    const posts = bench.server.requests.filter(({ url }) => url.endsWith(POST_PATH));
    const [mine, theirs] = [posts[0]!, posts.at(-1)!];
    refused(bench, { ...change(mine, { seq: 50 }), headers: theirs.headers }, "token-invalid");
    const stolenToken = change(theirs, { seq: 50, ct: toBase64Url(new Uint8Array(40)) });
    refused(bench, stolenToken, "envelope-invalid");
    refused(bench, { ...change(mine, { seq: 50 }), headers: {} }, "token-invalid");
    assert.equal(find(POST_PATH), mine);
    identity.close();
    other.close();
  });

  it("is told token-expired when the token's time is over", async () => {
    const { bench, identity, find } = await recorded();
    identity.close();
    await bench.time.advance(901_000);
    refused(bench, change(find(POST_PATH), { seq: 50 }), "token-expired");
  });
});

describe("an attacker who alters a registration", () => {
  const cases: [string, Record<string, unknown>][] = [
    ["tenant_id", { tenant_id: "00000000-0000-4000-8000-000000000000" }],
    ["node_type", { node_type: "gateway" }],
    ["node_pk", { node_pk: toBase64Url(new Uint8Array(32).fill(9)) }],
    ["client_nonce", { client_nonce: toBase64Url(new Uint8Array(16)) }],
    ["enrol_token", { enrol_token: "mine" }],
    ["mac", { mac: toBase64Url(new Uint8Array(32)) }],
  ];
  for (const [field, fields] of cases)
    it(`in its ${field} is refused`, async () => {
      const { bench, identity, find } = await recorded();
      refused(bench, change(find(REGISTER_PATH), fields), "registration-refused");
      identity.close();
    });

  it("in its signature is refused", async () => {
    const { bench, identity, find } = await recorded();
    const fields = { signature_b64: toBase64(new Uint8Array(64).fill(1)) };
    refused(bench, change(find(REGISTER_PATH), fields), "signature-invalid");
    identity.close();
  });

  it("or makes one without the tenant's comm_key is refused", async () => {
    const bench = new Bench();
    const identity = bench.node({ commKey: new Uint8Array(32).fill(0x66) });
    await rejectsCode(bench.time.settle(identity.ensureRegistered()), "registration-refused");
    assert.equal(bench.server.nodes.size, 0);
    identity.close();
  });
});

describe("an attacker between node and server", () => {
  /** Alters the answers of one endpoint and expects the node to notice. */
  async function altered(
    path: string,
    fields: Record<string, unknown>,
    code: ErrorCode,
  ): Promise<void> {
    const bench = new Bench();
    const identity = bench.node({ retry: { attempts: 1 } });
    bench.server.intercept = async (request, forward) => {
      const response = await forward();
      if (!request.url.endsWith(path)) return response;
      return { ...response, body: JSON.stringify({ ...JSON.parse(response.body), ...fields }) };
    };
    const call = path === TIME_PATH ? identity.syncTime() : identity.postEncrypted({ n: 1 });
    await rejectsCode(bench.time.settle<Promise<unknown>>(call), code);
    assert.equal(bench.server.posts.length, 0);
    identity.close();
  }
  const bytes = (length: number) => toBase64Url(new Uint8Array(length).fill(9));
  const uuid = "00000000-0000-4000-8000-000000000000";
  const cases: [string, Record<string, unknown>, ErrorCode][] = [
    [TIME_PATH, { server_time: 1 }, "server-untrusted"],
    [TIME_PATH, { server_sig: bytes(64) }, "server-untrusted"],
    [REGISTER_PATH, { node_uid: uuid }, "server-untrusted"],
    [REGISTER_PATH, { status: "pending" }, "server-untrusted"],
    [REGISTER_PATH, { server_time: 1 }, "server-untrusted"],
    [CHALLENGE_PATH, { challenge_id: uuid }, "server-untrusted"],
    [CHALLENGE_PATH, { nonce: bytes(32) }, "server-untrusted"],
    [CHALLENGE_PATH, { server_epk: bytes(32) }, "server-untrusted"],
    [CHALLENGE_PATH, { server_epk: toBase64Url(new Uint8Array(32)) }, "server-untrusted"],
    [CHALLENGE_PATH, { server_time: 1 }, "server-untrusted"],
    [CHALLENGE_PATH, { expires_in: 1 }, "server-untrusted"],
    [CHALLENGE_PATH, { expires_in: 3600 }, "malformed"],
    [VERIFY_PATH, { sid: uuid }, "envelope-invalid"],
    [VERIFY_PATH, { seq: 1 }, "envelope-invalid"],
    [VERIFY_PATH, { v: 2 }, "unsupported-version"],
    [VERIFY_PATH, { ct: bytes(64) }, "envelope-invalid"],
  ];
  for (const [path, fields, code] of cases)
    it(`who alters ${Object.keys(fields)} of ${path} meets ${code}`, () =>
      altered(path, fields, code));

  it("who alters the node's ephemeral key or its signature gets no session", async () => {
    for (const fields of [
      { node_epk: bytes(32) },
      { signature_b64: toBase64(new Uint8Array(64)) },
    ]) {
      const bench = new Bench();
      const identity = bench.node({ retry: { attempts: 1 } });
      bench.server.intercept = (request, forward) =>
        forward(request.url.endsWith(VERIFY_PATH) ? change(request, fields) : request);
      await rejectsCode(bench.time.settle(identity.authenticate()), "signature-invalid");
      assert.equal(bench.server.sessions.size, 0);
      assert.equal(bench.server.count(REGISTER_PATH), 1, "it was told just now");
      // Later the server may have lost the node: it registers again, once in each attempt.
      await rejectsCode(bench.time.settle(identity.authenticate()), "signature-invalid");
      assert.equal(bench.server.count(REGISTER_PATH), 2);
      assert.equal(bench.server.count(CHALLENGE_PATH), 2);
      identity.close();
    }
  });

  it("who plays back what the server once signed is not believed", async () => {
    for (const path of [TIME_PATH, REGISTER_PATH, CHALLENGE_PATH]) {
      const bench = new Bench();
      const first = bench.node();
      let old: string | undefined;
      bench.server.intercept = async (request, forward) => {
        const response = await forward();
        if (!request.url.endsWith(path)) return response;
        old ??= response.body;
        return { ...response, body: old };
      };
      const run = async (node: typeof first) => {
        if (path === TIME_PATH) await node.syncTime();
        await node.ensureRegistered();
        await node.authenticate();
      };
      await bench.time.settle(run(first));
      first.close();
      if (path === REGISTER_PATH) bench.storage.values.delete(NODE_UID_NAME);
      const second = bench.node();
      await rejectsCode(bench.time.settle(run(second)), "server-untrusted");
      assert.equal(second.nowUnix(), undefined);
      second.close();
    }
  });

  it("meets a node that takes number 0 only for the first answer", async () => {
    const bench = new Bench();
    const identity = bench.node({ retry: { attempts: 1 } });
    bench.server.verifySeq = 1; // the nonce of the answer to the node's first request
    await rejectsCode(bench.time.settle(identity.authenticate()), "envelope-invalid");
    identity.close();
  });

  it("cannot exchange the answers to two requests", async () => {
    const { bench, identity } = await recorded();
    const held: (() => void)[] = [];
    const bodies: string[] = [];
    bench.server.intercept = async (_, forward) => {
      const response = await forward();
      const mine = bodies.push(response.body) - 1;
      await new Promise<void>(
        (resolve) => held.push(resolve) === 2 && held.forEach((go) => void go()),
      );
      return { ...response, body: bodies[1 - mine]! };
    };
    const calls = [identity.postEncrypted({ n: 1 }), identity.postEncrypted({ n: 2 })];
    const outcomes = bench.time.settle(Promise.allSettled(calls));
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, "rejected");
      await rejectsCode(
        Promise.reject((outcome as PromiseRejectedResult).reason),
        "envelope-invalid",
      );
    }
    identity.close();
  });

  it("cannot give a node its own request back as the answer", async () => {
    const { bench, identity } = await recorded();
    bench.server.intercept = async (request) => ({ status: 200, headers: {}, body: request.body });
    await rejectsCode(bench.time.settle(identity.postEncrypted({ n: 2 })), "envelope-invalid");
    identity.close();
  });

  it("who forges a problem document can refuse service and nothing else", async () => {
    const codes = [
      "node-unknown",
      "node-revoked",
      "session-unknown",
      "token-invalid",
      "internal",
    ] as const;
    for (const code of codes) {
      const { bench, identity } = await recorded();
      const before = await identity.init();
      const body = JSON.stringify({ code, status: 200, token: "x" });
      bench.server.intercept = async () => ({ status: 403, headers: {}, body });
      await rejectsCode(bench.time.settle(identity.postEncrypted({ n: 2 })), code);
      assert.deepEqual((await identity.init()).nodePk, before.nodePk);
      bench.server.intercept = undefined;
      await bench.time.settle(identity.postEncrypted({ n: 3 }));
      assert.equal(bench.server.nodes.size, 1);
      identity.close();
    }
  });
});
