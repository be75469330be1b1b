import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../../protocol/crypto/secret.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import {
  CHALLENGE_PATH,
  POST_PATH,
  REGISTER_PATH,
  TIME_PATH,
} from "../../protocol/node/endpoints.ts";
import type { IdentityOptions } from "../../protocol/node/identity-config.ts";
import { NODE_UID_NAME } from "../../protocol/node/node-uid.ts";
import { backoffMs, DEFAULT_RETRY } from "../../protocol/node/retry.ts";
import type { HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";
import { Bench, fakeRandom } from "./fake-platform.ts";
import { COMM_KEY } from "./fake-server.ts";
import { toyCrypto } from "./toy-crypto.ts";

const once = { attempts: 1 };
const respond = (status: number, body: string): HttpResponse => ({ status, headers: {}, body });

describe("a server that is not well", () => {
  it("answering HTML is not-latchkey, and is not asked again and again", async () => {
    const bench = new Bench();
    const identity = bench.node();
    const portal = "<html><body>Welcome to the hotel</body></html>";
    for (const status of [200, 302, 404, 502]) {
      bench.server.requests.length = 0;
      bench.server.intercept = async () => respond(status, portal);
      for (const attempt of [() => identity.syncTime(), () => identity.authenticate()])
        await rejectsCode(bench.time.settle(attempt()), "not-latchkey");
      assert.equal(bench.server.requests.length, 2);
    }
    identity.close();
  });

  it("signing with another key is server-untrusted, whatever it says", async () => {
    const bench = new Bench();
    const identity = bench.node();
    bench.server.seed = new Uint8Array(32).fill(0xbad & 255);
    for (const attempt of [
      () => identity.syncTime(),
      () => identity.ensureRegistered(),
      () => identity.authenticate(),
      () => identity.postEncrypted({ n: 1 }),
    ])
      await rejectsCode(bench.time.settle(attempt()), "server-untrusted");
    assert.equal(identity.nowUnix(), undefined);
    assert.equal(identity.state.nodeUid, undefined);
    assert.equal(bench.storage.values.has(NODE_UID_NAME), false);
    identity.close();
  });

  it("may sign with any of the pinned keys, during a change of keys", async () => {
    const bench = new Bench();
    const coming = new Uint8Array(32).fill(0x77);
    const serverKeys = [bench.server.publicKey, toyCrypto.ed25519PublicKey(coming)];
    const identity = bench.node({ serverKeys });
    await bench.time.settle(identity.syncTime());
    bench.server.seed = coming;
    await bench.time.settle(identity.postEncrypted({ n: 1 }));
    identity.close();
  });

  it("that never answers is network-timeout, even if the client forgets its limit", async () => {
    const bench = new Bench();
    const identity = bench.node({ retry: { ...once, timeoutMs: 700 } });
    bench.server.intercept = () => new Promise(() => {});
    const before = bench.time.nowMs;
    await rejectsCode(bench.time.settle(identity.syncTime()), "network-timeout");
    assert.equal(bench.time.nowMs - before, 700);
    assert.equal(bench.nodeTimers, 0);
    identity.close();
  });

  it("that answers too late is not listened to", async () => {
    const bench = new Bench();
    const identity = bench.node({ retry: { ...once, timeoutMs: 700 } });
    await bench.time.settle(identity.authenticate());
    bench.server.latencyMs = 800;
    await rejectsCode(bench.time.settle(identity.postEncrypted({ n: 1 })), "network-timeout");
    await bench.time.advance(1000);
    bench.server.latencyMs = 10;
    assert.deepEqual(await bench.time.settle(identity.postEncrypted({ n: 2 })), { echo: { n: 2 } });
    identity.close();
  });

  it("whose answer was altered is envelope-invalid, and the session goes on", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    bench.server.intercept = async (_, forward) => {
      const response = await forward();
      const body = JSON.parse(response.body) as { ct: string };
      const ct = (body.ct[5] === "A" ? "B" : "A") + body.ct.slice(1);
      return { ...response, body: JSON.stringify({ ...body, ct }) };
    };
    await rejectsCode(bench.time.settle(identity.postEncrypted({ n: 1 })), "envelope-invalid");
    bench.server.intercept = undefined;
    await bench.time.settle(identity.postEncrypted({ n: 2 }));
    assert.equal(bench.server.count(CHALLENGE_PATH), 1);
    identity.close();
  });

  it("whatever it answers, gives a LatchkeyError, and the right answer afterwards", async () => {
    const bodies = fc.oneof(fc.string(), fc.json({ maxDepth: 2 }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(200, 200, 401, 500), bodies, async (status, body) => {
        const bench = new Bench();
        const identity = bench.node({ retry: once });
        bench.server.intercept = async () => respond(status, body);
        for (const attempt of [() => identity.syncTime(), () => identity.postEncrypted({})]) {
          const error = await bench.time.settle(attempt()).then(
            () => undefined,
            (error: unknown) => error,
          );
          assert.ok(error instanceof LatchkeyError, String(error));
        }
        bench.server.intercept = undefined;
        await bench.time.settle(identity.syncTime());
        identity.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe("retries", () => {
  it("are bounded in number, and each pause in length, by the random source alone", async () => {
    const run = async (randomSeed: number) => {
      const bench = new Bench(toyCrypto, randomSeed);
      const identity = bench.node({ retry: { attempts: 7, baseMs: 100, maxMs: 1000 } });
      bench.server.intercept = () => Promise.reject(new LatchkeyError("network-down"));
      await rejectsCode(bench.time.settle(identity.authenticate()), "network-down");
      identity.close();
      assert.equal(bench.server.count(REGISTER_PATH), 7);
      return bench.events.flatMap((event) => (event.type === "retry" ? [event.delayMs] : []));
    };
    const pauses = await run(1);
    assert.equal(pauses.length, 6);
    const bounds = [100, 200, 400, 800, 1000, 1000];
    assert.ok(pauses.every((pause, i) => pause >= 0 && pause < bounds[i]!));
    assert.deepEqual(await run(1), pauses);
    assert.notDeepEqual(await run(2), pauses);
  });

  it("pause anywhere between nothing and the bound", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 60 }),
        (bytes, n) => {
          const pause = backoffMs({ bytes: () => bytes }, DEFAULT_RETRY, n);
          assert.ok(pause >= 0 && pause < Math.min(30_000, 250 * 2 ** (n - 1)));
        },
      ),
    );
    const top = backoffMs({ bytes: () => new Uint8Array(3).fill(255) }, DEFAULT_RETRY, 3);
    assert.ok(top > 999);
  });

  it("wait as long as the server asks, or give up if that is too long", async () => {
    const bench = new Bench();
    const identity = bench.node({ retry: { attempts: 2, maxMs: 20_000 } });
    let wait = 9;
    bench.server.intercept = async () =>
      respond(429, JSON.stringify({ code: "rate-limited", retry_after: wait }));
    const before = bench.time.nowMs;
    await rejectsCode(bench.time.settle(identity.syncTime()), "rate-limited");
    assert.ok(bench.time.nowMs - before >= 9000);
    assert.equal(bench.server.count(TIME_PATH), 2);
    wait = 3600;
    await rejectsCode(bench.time.settle(identity.syncTime()), "rate-limited");
    assert.equal(bench.server.count(TIME_PATH), 3);
    identity.close();
  });

  it("do not happen for what may have been carried out, unless the caller allows", async () => {
    const bench = new Bench();
    const identity = bench.node({ retry: { attempts: 3, baseMs: 10 } });
    await bench.time.settle(identity.authenticate());
    bench.server.intercept = async (_, forward) => {
      await forward();
      throw new LatchkeyError("network-failed");
    };
    await rejectsCode(bench.time.settle(identity.call(POST_PATH, { n: 1 })), "network-failed");
    assert.equal(bench.server.posts.length, 1);
    const allowed = identity.call(POST_PATH, { n: 2 }, { retry: true });
    await rejectsCode(bench.time.settle(allowed), "network-failed");
    assert.equal(bench.server.posts.length, 4);
    identity.close();
  });
});

describe("closing a node", () => {
  it("ends what is under way with cancelled and leaves no timer, at any moment", async () => {
    for (let closeAfterMs = 0; closeAfterMs < 60; closeAfterMs += 3) {
      const bench = new Bench();
      const identity = bench.node();
      const calls = [
        identity.authenticate(),
        identity.postEncrypted({ n: 1 }),
        identity.syncTime(),
      ];
      const outcomes = Promise.allSettled(calls);
      await bench.time.advance(closeAfterMs);
      identity.close();
      assert.equal(bench.nodeTimers, 0, `closed after ${closeAfterMs} ms`);
      for (const outcome of await outcomes)
        if (outcome.status === "rejected")
          await rejectsCode(Promise.reject(outcome.reason), "cancelled");
      await bench.time.advance(100);
      assert.equal(bench.nodeTimers, 0, `closed after ${closeAfterMs} ms`);
    }
  });

  it("ends pauses between retries, and renewal", async () => {
    const bench = new Bench();
    const identity = bench.node();
    bench.server.intercept = () => Promise.reject(new Error("down"));
    const call = identity.syncTime();
    const closed = rejectsCode(call, "cancelled");
    await bench.time.advance(1);
    identity.close();
    await closed;
    assert.equal(bench.nodeTimers, 0);
  });

  it("during a renewal opens no new session", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    await bench.time.advance(720_000 + 5); // the challenge has come, its answer is on the way
    identity.close();
    await bench.time.advance(1_000_000);
    assert.equal(identity.state.session, undefined);
    assert.equal(bench.nodeTimers, 0);
    assert.equal(bench.happened.filter((type) => type === "renewed").length, 0);
  });

  it("is for good, and may be done twice", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    identity.close();
    identity.close();
    for (const attempt of [
      () => identity.init(),
      () => identity.authenticate(),
      () => identity.postEncrypted({}),
    ])
      await rejectsCode(attempt(), "cancelled");
    assert.equal(bench.nodeTimers, 0);
  });

  it("leaves a Secret that the caller lent as it was", () => {
    const commKey = new Secret(COMM_KEY.slice());
    const bench = new Bench();
    bench.node({ commKey }).close();
    assert.deepEqual(commKey.bytes, COMM_KEY);
  });
});

describe("a node's configuration", () => {
  const cases: [string, Partial<Record<keyof IdentityOptions, unknown>>][] = [
    ["base_url", { baseUrl: "server.test" }],
    ["base_url", { baseUrl: "ftp://server.test" }],
    ["base_url", { baseUrl: "http://server.test/?a=b" }],
    ["base_url", { baseUrl: "http://" }],
    ["node_type", { nodeType: "Reader One" }],
    ["node_type", { nodeType: "" }],
    ["tenant_id", { tenantId: "3F2C9A52-7A5B-4C7E-9D1F-0A1B2C3D4E5F" }],
    ["comm_key", { commKey: new Uint8Array(16) }],
    ["comm_iv", { commIv: new Uint8Array(16) }],
    ["server_keys", { serverKeys: [] }],
    ["server_keys", { serverKeys: [new Uint8Array(31)] }],
    ["enrol_token", { enrolToken: "" }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    ["retry.max_ms", { retry: { baseMs: 10, maxMs: 5 } }],
    ["retry.timeout_ms", { retry: { timeoutMs: Number.NaN } }],
  ];

  it("is refused with the name of the field", () => {
    const bench = new Bench();
    for (const [field, options] of cases)
      throwsCode(() => bench.node(options as Partial<IdentityOptions>), "config-invalid", field);
  });

  it("may have a slash at the end of the address", async () => {
    const bench = new Bench();
    const identity = bench.node({ baseUrl: "http://server.test/api//" });
    await bench.time.settle(identity.syncTime());
    identity.close();
  });
});

describe("a listener", () => {
  it("that throws does not disturb the node", async () => {
    const bench = new Bench();
    const identity = bench.node({
      onEvent: () => {
        throw new Error("screen broken");
      },
    });
    await bench.time.settle(identity.postEncrypted({ n: 1 }));
    assert.ok(bench.log.some((line) => line.includes("identity-listener-failed")));
    identity.close();
  });
});

describe("a call", () => {
  it("is refused before anything is sent if it cannot be sealed", async () => {
    const bench = new Bench();
    const identity = bench.node();
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    for (const body of [circle, [1], { big: 1n }])
      await rejectsCode(identity.call(POST_PATH, body), "malformed", "body");
    await rejectsCode(identity.call(`/${POST_PATH}`, {}), "malformed", "path");
    assert.equal(bench.server.requests.length, 0);
    const long = { text: "x".repeat(13_000) };
    await rejectsCode(bench.time.settle(identity.call(POST_PATH, long)), "malformed", "body");
    assert.equal(bench.server.count(POST_PATH), 0);
    identity.close();
  });

  it("to an endpoint that does not exist says so", async () => {
    const bench = new Bench();
    const identity = bench.node();
    const call = identity.call("identity_iot/ii_nothing", {});
    await rejectsCode(bench.time.settle(call), "not-found");
    identity.close();
  });

  it("has its own time limit if it wants one", async () => {
    const bench = new Bench();
    const identity = bench.node();
    await bench.time.settle(identity.authenticate());
    bench.server.intercept = () => new Promise(() => {});
    const before = bench.time.nowMs;
    const call = identity.call(POST_PATH, {}, { timeoutMs: 123 });
    await rejectsCode(bench.time.settle(call), "network-timeout");
    assert.equal(bench.time.nowMs - before, 123);
    identity.close();
  });
});

describe("the requests of a node", () => {
  it("carry the same random numbers for the same source, and no others", async () => {
    const run = async () => {
      const bench = new Bench();
      const identity = bench.node({
        platform: { ...bench.platform, random: fakeRandom(toyCrypto, 9) },
      });
      await bench.time.settle(identity.postEncrypted({ n: 1 }));
      identity.close();
      return bench.server.requests.map((request: HttpRequest) => request.body);
    };
    assert.deepEqual(await run(), await run());
  });
});
