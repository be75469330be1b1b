import assert from "node:assert/strict";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { CHALLENGE_KINDS, type Ephemera } from "../../server/store/ephemera.ts";
import { RedisEphemera } from "../../server/store/redis/redis-ephemera.ts";
import { needRedisServer, RedisServer } from "../support/redis-server.ts";
import { challenge, clock, NOW, session, vaultOf } from "./ephemera-stores.ts";

const SECRET = new Uint8Array(32).fill(0xe7);
const MATERIAL = new Uint8Array(104).fill(0x5e);

describe("ephemera in a Redis that cannot be relied on", function () {
  this.timeout(30_000);
  let redis: RedisServer;
  const stores: Ephemera[] = [];
  const open = async (options: Partial<Parameters<typeof RedisEphemera.open>[0]> = {}) => {
    const store = await RedisEphemera.open({
      url: redis.url,
      vault: vaultOf(1),
      clock,
      ...options,
    });
    stores.push(store);
    return store;
  };
  beforeEach(async function () {
    needRedisServer(this);
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await redis?.end();
  });

  const put = (store: Ephemera, id = "a") =>
    store.putChallenge(challenge(id, { ephemeral: SECRET.slice(), nonce: SECRET.slice() }), 4);
  const openSession = (store: Ephemera, sid = "s") =>
    store.openSession(session(sid, { material: MATERIAL.slice() }), 4);

  it("tell nothing to whoever reads all that is in it", async () => {
    const store = await open();
    for (const kind of CHALLENGE_KINDS)
      await store.putChallenge(challenge(kind, { kind, ephemeral: SECRET, nonce: SECRET }), 4);
    await openSession(store);
    const dumps = await redis.ask(async (client) => {
      const keys = await client.keys("*");
      return Promise.all(keys.map((key) => client.dumpBuffer(key)));
    });
    assert.ok(dumps.length >= 8, `${dumps.length} keys`);
    const all = Buffer.concat(dumps as Buffer[]);
    assert.ok(all.includes("sealed"), "the search would find it");
    for (const secret of [SECRET, MATERIAL].map((bytes) => Buffer.from(bytes.subarray(0, 12)))) {
      const forms = [
        secret,
        secret.toString("hex"),
        secret.toString("base64"),
        toBase64Url(secret),
      ];
      for (const form of forms) assert.ok(!all.includes(form));
    }
  });

  it("keep nothing beyond its time, whatever a replica's clock says", async () => {
    for (const [n, skew] of [0, 3600, -3600].entries()) {
      const own = { unixMs: () => (NOW + skew) * 1000 };
      const store = await open({ clock: own });
      await store.putChallenge(challenge(`c${n}`, { expiresAt: NOW + skew + 55 }), 4);
      await store.openSession(session(`s${n}`, { expiresAt: NOW + skew + 900 }), 4);
      await store.renewSession(`s${n}`, NOW + skew + 600);
    }
    const left = await redis.ask(async (client) => {
      const keys = await client.keys("*");
      return Promise.all(keys.map(async (key) => [key, await client.pttl(key)] as const));
    });
    for (const [key, ms] of left) {
      const most = /:(s|sn):/.test(key) ? 900_000 : 115_000;
      assert.ok(ms > 0 && ms <= most, `${key}: ${ms} ms`);
    }
    const sessions = left.filter(([key]) => /:s:/.test(key));
    for (const [key, ms] of sessions) assert.ok(ms > 590_000 && ms <= 600_000, `${key}: ${ms} ms`);
  });

  it("open nothing that was moved or rewritten there", async () => {
    const store = await open();
    await openSession(store, "a");
    await store.openSession(session("b", { nodeUid: "m" }), 4);
    await put(store, "c1");
    await put(store, "c2");
    await redis.ask(async (client) => {
      const [key = ""] = await client.keys("*:s:a");
      const other = key.replace(/a$/, "b");
      await client.hset(other, "sealed", (await client.hgetBuffer(key, "sealed"))!);
      const said = JSON.parse((await client.hget(key, "said"))!);
      await client.hset(key, "said", JSON.stringify({ ...said, nodeUid: "m" }));
      const [first = ""] = await client.keys("*:c:c1");
      const second = first.replace(/c1$/, "c2");
      await client.hset(second, "sealed", (await client.hgetBuffer(first, "sealed"))!);
    });
    assert.equal(await store.session("a"), undefined);
    assert.equal(await store.session("b"), undefined);
    assert.equal(await store.takeChallenge("c2", "badge"), undefined);
    assert.ok(await store.takeChallenge("c1", "badge"));
  });

  it("treat what was sealed under another key as if it were not there", async () => {
    const store = await open();
    await openSession(store);
    await put(store);
    const next = await open({ vault: vaultOf(2) });
    assert.equal(await next.session("s"), undefined);
    assert.equal(await next.takeChallenge("a", "badge"), undefined);
    const both = await open({ vault: vaultOf(2, 1) });
    assert.ok(await both.session("s"), "while the old key is still at hand");
  });

  it("are void when it forgets everything, and nobody gets in", async () => {
    const store = await open();
    await put(store);
    await openSession(store);
    assert.equal(await store.acceptSequence("s", 1), true);
    await redis.ask((client) => client.flushall());
    assert.equal(await store.takeChallenge("a", "badge"), undefined);
    assert.equal(await store.session("s"), undefined);
    for (const seq of [1, 2]) assert.equal(await store.acceptSequence("s", seq), false);
    assert.equal(await store.renewSession("s", NOW + 900), false);
    assert.equal(await store.session("s"), undefined, "nor is one made by renewing it");
    await openSession(store, "new");
    assert.equal(await store.acceptSequence("new", 1), true);
  });

  it("are void when it remembers what was before: an answered challenge does not come back", async () => {
    const store = await open();
    await put(store);
    await openSession(store);
    await redis.ask((client) => client.save());
    assert.ok(await store.takeChallenge("a", "badge"));
    assert.equal(await store.acceptSequence("s", 1), true);
    await redis.down();
    await redis.up();
    const remembered = await redis.ask((client) => client.keys("*:c:a"));
    assert.equal(remembered.length, 1, "it does remember it");
    await eventually(() => store.ping());
    assert.equal(await store.takeChallenge("a", "badge"), undefined);
    assert.equal(await store.acceptSequence("s", 1), false);
    assert.equal(await store.session("s"), undefined);
  });

  it("are unavailable while it is away or silent, and go on by themselves", async () => {
    const store = await open();
    await openSession(store);
    await redis.down();
    const unavailable = { code: "unavailable" };
    await assert.rejects(store.takeChallenge("a", "badge"), unavailable);
    await assert.rejects(store.acceptSequence("s", 1), unavailable);
    await assert.rejects(put(store), unavailable);
    await assert.rejects(store.ping(), unavailable);
    await redis.up();
    await eventually(() => store.ping());
    redis.pause();
    await assert.rejects(store.session("s"), unavailable);
    redis.goOn();
    await eventually(() => put(store));
    assert.ok(await store.takeChallenge("a", "badge"));
  });

  it("say what is wrong with a URL, and quote no password", async () => {
    await redis.down();
    await redis.up("--requirepass", "correct-horse");
    const { port } = redis;
    const refused = (error: { code?: string; message?: string }) => {
      assert.equal(error.code, "config-invalid");
      assert.ok(!JSON.stringify({ ...error, message: error.message }).includes("horse"));
      return true;
    };
    await assert.rejects(open({ url: `redis://127.0.0.1:${port}` }), refused);
    await assert.rejects(open({ url: `redis://:wrong-horse@127.0.0.1:${port}` }), refused);
    await assert.rejects(open({ url: `http://:wrong-horse@127.0.0.1:${port}` }), refused);
    await assert.rejects(open({ url: `redis://x:horse@127.0.0.1:${port}?lazyConnect=1` }), refused);
    const store = await open({ url: `redis://:correct-horse@127.0.0.1:${port}` });
    await store.ping();
  });

  /** Until it answers again; a while after it is back. */
  async function eventually(call: () => Promise<void>): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      try {
        return await call();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    await call();
  }
});
