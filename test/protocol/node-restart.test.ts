import assert from "node:assert/strict";
import { type ErrorCode, isErrorCode } from "../../protocol/error-codes.ts";
import {
  CHALLENGE_PATH,
  POST_PATH,
  REGISTER_PATH,
  TIME_PATH,
  VERIFY_PATH,
} from "../../protocol/node/endpoints.ts";
import { NODE_UID_NAME } from "../../protocol/node/node-uid.ts";
import { rejectsCode } from "./error-code.ts";
import { Bench } from "./fake-platform.ts";

/** What was asked since the last time that somebody looked. */
function asked(bench: Bench): string[] {
  const urls = bench.server.requests.splice(0).map(({ url }) => url);
  return urls.map((url) => url.slice(url.indexOf("identity_")));
}

/** A node that was registered, and is off. */
async function registered(): Promise<Bench> {
  const bench = new Bench();
  const first = bench.node();
  await bench.time.settle(first.authenticate());
  first.close();
  asked(bench);
  return bench;
}

const boot = async (bench: Bench) => {
  const node = bench.node({ retry: { attempts: 1 } });
  const { status } = await bench.time.settle(node.ensureRegistered());
  await bench.time.settle(node.authenticate());
  return { node, status };
};

describe("a node that starts again", () => {
  it("asks for a challenge and nothing else, and takes its time from that", async () => {
    const bench = await registered();
    const { node, status } = await boot(bench);
    assert.equal(status, "exists");
    assert.deepEqual(asked(bench), [CHALLENGE_PATH, VERIFY_PATH]);
    assert.ok(Math.abs(node.nowUnix()! - bench.server.nowUnix()) <= 1);
    node.close();
  });

  it("registers again, once, when the server has forgotten it", async () => {
    const bench = await registered();
    bench.server.nodes.clear();
    const { node } = await boot(bench);
    const again = [CHALLENGE_PATH, VERIFY_PATH, REGISTER_PATH, CHALLENGE_PATH, VERIFY_PATH];
    assert.deepEqual(asked(bench), again);
    await bench.time.settle(node.postEncrypted({ n: 1 }));
    assert.deepEqual(asked(bench), [POST_PATH]);
    node.close();
    const { node: later } = await boot(bench);
    assert.deepEqual(asked(bench), [CHALLENGE_PATH, VERIFY_PATH], "and keeps what it was told");
    later.close();
  });

  it("asks the server what it is when somebody says that it is unknown or has to wait", async () => {
    for (const code of ["node-unknown", "signature-invalid", "node-pending"] as const) {
      const bench = await registered();
      const node = bench.node({ retry: { attempts: 1 } });
      const body = JSON.stringify({ code });
      bench.server.intercept = (request, forward) =>
        request.url.endsWith(VERIFY_PATH)
          ? Promise.resolve({ status: 403, headers: {}, body })
          : forward();
      await rejectsCode(bench.time.settle(node.authenticate()), code);
      bench.server.intercept = undefined;
      asked(bench);
      assert.equal((await bench.time.settle(node.ensureRegistered())).status, "exists", code);
      assert.deepEqual(asked(bench), [REGISTER_PATH], code);
      await bench.time.settle(node.authenticate());
      node.close();
    }
  });

  it("asks again when it was pending, which flash does not take for an answer", async () => {
    const bench = new Bench();
    bench.server.policy = "pending";
    const first = bench.node();
    await bench.time.settle(first.ensureRegistered());
    const kept = bench.storage.values.get(NODE_UID_NAME);
    await bench.time.settle(first.ensureRegistered());
    assert.equal(bench.storage.values.get(NODE_UID_NAME), kept, "written once, not at each answer");
    first.close();
    asked(bench);
    const second = bench.node();
    assert.equal((await bench.time.settle(second.ensureRegistered())).status, "pending");
    for (const node of bench.server.nodes.values()) node.status = "registered";
    await bench.time.settle(second.authenticate());
    const asking = [REGISTER_PATH, REGISTER_PATH, CHALLENGE_PATH, VERIFY_PATH];
    assert.deepEqual(asked(bench), asking);
    second.close();
    (await boot(bench)).node.close();
    assert.deepEqual(asked(bench), [CHALLENGE_PATH, VERIFY_PATH], "approved is for good");
  });

  it("registers again when what flash says is damaged", async () => {
    const bench = await registered();
    bench.storage.values.set(NODE_UID_NAME, new Uint8Array(40));
    (await boot(bench)).node.close();
    assert.deepEqual(asked(bench), [REGISTER_PATH, CHALLENGE_PATH, VERIFY_PATH]);
  });

  it("does not go round in circles when it is revoked", async () => {
    const bench = await registered();
    const node = bench.node({ retry: { attempts: 4 } });
    const body = JSON.stringify({ code: "node-revoked" });
    bench.server.intercept = (request, forward) =>
      request.url.endsWith(VERIFY_PATH)
        ? Promise.resolve({ status: 403, headers: {}, body })
        : forward();
    await rejectsCode(bench.time.settle(node.authenticate()), "node-revoked");
    assert.deepEqual(asked(bench), [CHALLENGE_PATH, VERIFY_PATH]);
    node.close();
  });
});

describe("a node that is refused", () => {
  const refusals = ["registration-refused", "enrol-token-invalid", "node-revoked"] as const;

  /** A node whose registration somebody refuses. */
  function refusing(code: ErrorCode, bench = new Bench()) {
    assert.ok(isErrorCode(code));
    bench.server.intercept = (request, forward) =>
      request.url.endsWith(REGISTER_PATH)
        ? Promise.resolve({ status: 403, headers: {}, body: JSON.stringify({ code }) })
        : forward();
    return { bench, node: bench.node({ retry: { attempts: 1 } }) };
  }

  for (const code of refusals)
    it(`with ${code} knows the time all the same, and asks for it once`, async () => {
      const { bench, node } = refusing(code);
      await rejectsCode(bench.time.settle(node.ensureRegistered()), code);
      assert.equal(node.nowUnix(), bench.server.nowUnix());
      await rejectsCode(bench.time.settle(node.ensureRegistered()), code);
      assert.deepEqual(asked(bench), [REGISTER_PATH, TIME_PATH, REGISTER_PATH]);
      node.close();
    });

  it("by a rogue server says so, instead of what the rogue says", async () => {
    const { bench, node } = refusing("registration-refused");
    bench.server.seed = new Uint8Array(32).fill(0x31);
    await rejectsCode(bench.time.settle(node.ensureRegistered()), "server-untrusted");
    assert.equal(node.nowUnix(), undefined);
    node.close();
  });

  it("by a server that then is silent, is refused", async () => {
    const { bench, node } = refusing("registration-refused");
    const { intercept } = bench.server;
    bench.server.intercept = (request, forward) =>
      request.url.endsWith(TIME_PATH)
        ? Promise.reject(new Error("down"))
        : intercept!(request, forward);
    await rejectsCode(bench.time.settle(node.ensureRegistered()), "registration-refused");
    node.close();
  });
});
