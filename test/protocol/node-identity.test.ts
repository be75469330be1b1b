import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import {
  CHALLENGE_PATH,
  CHECK_IN_PATH,
  POST_PATH,
  REGISTER_PATH,
  VERIFY_PATH,
} from "../../protocol/node/endpoints.ts";
import { rejectsCode } from "./error-code.ts";
import { Bench } from "./fake-platform.ts";

const MINUTE_MS = 60_000;

describe("a node's identity", () => {
  it("comes about in four calls, with real cryptography", async () => {
    const bench = new Bench(nobleCrypto);
    const identity = bench.node();
    const { nodePk, fresh } = await bench.time.settle(identity.init());
    assert.equal(fresh, true);
    const { status, nodeUid } = await bench.time.settle(identity.ensureRegistered());
    assert.equal(status, "registered");
    assert.equal(bench.server.nodes.get(toHex(nodePk))?.uid, nodeUid);
    const token = await bench.time.settle(identity.authenticate());
    assert.equal(token.split(".").length, 3);
    const payload = { request: "record_sensor_data", value: 42 };
    const answer = await bench.time.settle(identity.postEncrypted(payload));
    assert.deepEqual(answer, { echo: payload });
    assert.deepEqual(bench.server.posts, [payload]);
    assert.deepEqual(bench.happened, ["key-created", "registered", "challenge", "verified"]);
    identity.close();
  });

  it("does all that is missing when only the last of the four is called", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.postEncrypted({ n: 1 }));
    const paths = bench.server.requests.map(({ url }) => url.slice(url.indexOf("identity_")));
    assert.deepEqual(paths, [REGISTER_PATH, CHALLENGE_PATH, VERIFY_PATH, POST_PATH]);
    assert.deepEqual(identity.state.next, ["update"]);
    identity.close();
  });

  it("is the same after a restart, and needs no second registration to authenticate", async () => {
    const bench = new Bench();
    const first = bench.node();
    const before = await bench.time.settle(first.init());
    await bench.time.settle(first.authenticate());
    first.close();
    const second = bench.node();
    const after = await bench.time.settle(second.init());
    assert.deepEqual([after.nodePk, after.fresh], [before.nodePk, false]);
    await bench.time.settle(second.authenticate());
    assert.equal(bench.server.count(REGISTER_PATH), 1);
    assert.equal((await bench.time.settle(second.ensureRegistered())).status, "exists");
    second.close();
  });

  it("asks again for its name when it moves to another tenant", async () => {
    const bench = new Bench();
    const first = bench.node();
    await bench.time.settle(first.authenticate());
    first.close();
    const moved = bench.node({ tenantId: "00000000-0000-4000-8000-000000000001" });
    await rejectsCode(bench.time.settle(moved.authenticate()), "tenant-mismatch");
    assert.equal(bench.server.count(REGISTER_PATH), 2);
    moved.close();
  });

  it("waits for approval and goes on once it is given", async () => {
    const bench = new Bench();
    bench.server.policy = "pending";
    const identity = bench.node();
    assert.equal((await bench.time.settle(identity.ensureRegistered())).status, "pending");
    await rejectsCode(bench.time.settle(identity.authenticate()), "node-pending");
    for (const node of bench.server.nodes.values()) node.status = "registered";
    await bench.time.settle(identity.authenticate());
    assert.equal(identity.state.status, "exists");
    identity.close();
  });

  it("survives a server that has lost its memory of the node", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    bench.server.nodes.clear();
    bench.server.sessions.clear();
    assert.deepEqual(await bench.time.settle(identity.postEncrypted({ n: 1 })), { echo: { n: 1 } });
    assert.equal(bench.server.count(REGISTER_PATH), 2);
    identity.close();
  });

  it("knows the time from signed answers, carried on by its own clock, never ahead", async () => {
    const bench = new Bench();
    const identity = bench.node();
    assert.equal(identity.nowUnix(), undefined);
    assert.equal(identity.clockAgeMs(), undefined);
    const unix = await bench.time.settle(identity.syncTime());
    assert.equal(identity.nowUnix(), unix);
    await bench.time.advance(90_500);
    assert.equal(identity.nowUnix(), unix + 90);
    assert.equal(identity.clockAgeMs(), 90_500);
    assert.ok(identity.nowUnix()! <= bench.server.nowUnix());
    await bench.time.settle(identity.authenticate());
    assert.equal(identity.clockAgeMs()! < 90_500, true);
    identity.close();
  });
});

describe("a check-in", () => {
  it("sets the clock and says what is next", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    await bench.time.advance(60_000);
    const answer = await bench.time.settle(identity.checkIn({ uptime_s: 60 }));
    assert.equal(answer["server_time"], identity.nowUnix());
    assert.equal(identity.clockAgeMs(), 0);
    assert.deepEqual(identity.state.next, ["config"]);
    identity.close();
  });
});

describe("calls at once", () => {
  it("share one registration and one authentication, and each gets its own answer", async () => {
    const bench = new Bench();
    const identity = bench.node();
    const calls = Array.from({ length: 20 }, (_, n) => identity.postEncrypted({ n }));
    const answers = await bench.time.settle(Promise.all(calls));
    assert.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, n) => ({ echo: { n } })),
    );
    assert.equal(bench.server.count(REGISTER_PATH), 1);
    assert.equal(bench.server.count(CHALLENGE_PATH), 1);
    assert.equal(bench.server.count(POST_PATH), 20);
    identity.close();
  });

  it("to register share one request", async () => {
    const bench = new Bench();
    const identity = bench.node();
    const calls = [
      identity.ensureRegistered(),
      identity.ensureRegistered(),
      identity.authenticate(),
    ];
    await bench.time.settle<Promise<unknown>>(Promise.all(calls));
    assert.equal(bench.server.count(REGISTER_PATH), 1);
    identity.close();
  });

  it("never use a message number twice, and start after that of the verify exchange", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(
      Promise.all(Array.from({ length: 9 }, (_, n) => identity.postEncrypted({ n }))),
    );
    const numbers = bench.server.requests
      .filter(({ url }) => url.endsWith(POST_PATH))
      .map(({ body }) => (JSON.parse(body) as { seq: number }).seq);
    assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    identity.close();
  });

  it("get their own answers when these overtake each other", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    let slowness = 400;
    bench.server.intercept = async (_, forward) => {
      slowness -= 100;
      await bench.time.sleep(slowness);
      return forward();
    };
    const calls = [1, 2, 3].map((n) => identity.postEncrypted({ n }));
    const answers = await bench.time.settle(Promise.all(calls));
    assert.deepEqual(answers, [{ echo: { n: 1 } }, { echo: { n: 2 } }, { echo: { n: 3 } }]);
    identity.close();
  });
});

describe("a session", () => {
  it("is renewed at 80 % of the token's life, without anybody asking", async () => {
    const bench = new Bench();
    const identity = bench.node();
    const token = await bench.time.settle(identity.authenticate());
    const sid = identity.state.session?.sid;
    await bench.time.advance(12 * MINUTE_MS - 1000);
    assert.equal(await bench.time.settle(identity.authenticate()), token);
    await bench.time.advance(2000);
    assert.notEqual(identity.state.session?.sid, sid);
    assert.equal(bench.server.count(CHALLENGE_PATH), 2);
    assert.deepEqual(bench.happened.slice(-2), ["challenge", "renewed"]);
    assert.equal(bench.nodeTimers, 1);
    identity.close();
    assert.equal(bench.nodeTimers, 0);
  });

  it("serves calls while the next one is being opened, and lets them finish after", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    bench.server.latencyMs = 400;
    bench.server.intercept = async (request, forward) => {
      const response = await forward();
      if (request.url.endsWith(POST_PATH)) await bench.time.sleep(3000);
      return response;
    };
    await bench.time.advance(12 * MINUTE_MS - 500);
    const slow = identity.postEncrypted({ n: 1 }); // its answer comes after the renewal
    await bench.time.advance(1000);
    const sidBefore = identity.state.session?.sid;
    assert.deepEqual(await bench.time.settle(slow), { echo: { n: 1 } });
    assert.notEqual(identity.state.session?.sid, sidBefore);
    assert.equal(
      bench.events.some(({ type }) => type === "session-lost"),
      false,
    );
    identity.close();
  });

  it("that the server lost is opened anew once, and the request sent once more", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    bench.server.sessions.clear();
    const answers = [1, 2, 3].map((n) => identity.postEncrypted({ n }));
    await bench.time.settle(Promise.all(answers));
    assert.equal(bench.server.count(CHALLENGE_PATH), 2);
    assert.equal(bench.server.count(POST_PATH), 6);
    assert.equal(bench.server.posts.length, 3);
    assert.equal(bench.happened.filter((type) => type === "session-lost").length, 1);
    identity.close();
  });

  it("that is lost at once again is not opened a third time", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    bench.server.intercept = async (request, forward) => {
      if (request.url.endsWith(POST_PATH)) bench.server.sessions.clear();
      return forward();
    };
    await rejectsCode(bench.time.settle(identity.postEncrypted({ n: 1 })), "session-unknown");
    assert.equal(bench.server.count(POST_PATH), 2);
    assert.equal(bench.server.count(CHALLENGE_PATH), 2);
    identity.close();
  });

  it("whose token ended while the server was away is replaced when it is back", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    let away = true;
    bench.server.intercept = async (_, forward) => {
      if (away) throw new Error("ECONNREFUSED");
      return forward();
    };
    await bench.time.advance(20 * MINUTE_MS);
    assert.equal(identity.state.session, undefined);
    away = false;
    await bench.time.advance(31_000); // the longest pause between two tries
    assert.notEqual(identity.state.session, undefined);
    const failed = bench.events.filter((event) => event.type === "renewal-failed");
    assert.ok(failed.length > 5);
    assert.ok(failed.every((event) => event.code === "network-failed" && event.delayMs <= 30_000));
    identity.close();
  });

  it("is kept by check-ins that bring new tokens, up to half a day", async () => {
    const bench = new Bench();
    const identity = bench.node();
    const token = await bench.time.settle(identity.authenticate());
    const sid = identity.state.session?.sid;
    for (let hour = 0; hour < 11; hour++) {
      for (let n = 0; n < 6; n++) {
        await bench.time.settle(identity.checkIn({ uptime_s: n }));
        await bench.time.advance(10 * MINUTE_MS);
      }
    }
    assert.equal(identity.state.session?.sid, sid);
    assert.notEqual(await bench.time.settle(identity.authenticate()), token);
    assert.equal(bench.server.count(CHALLENGE_PATH), 1);
    for (let n = 0; n < 12; n++) {
      await bench.time.settle(identity.checkIn({ uptime_s: n }));
      await bench.time.advance(10 * MINUTE_MS);
    }
    assert.notEqual(identity.state.session?.sid, sid);
    assert.ok(bench.server.count(CHECK_IN_PATH) >= 78);
    identity.close();
  });
});
