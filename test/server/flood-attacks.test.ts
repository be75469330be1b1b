import assert from "node:assert/strict";
import { TIME_PATH } from "../../protocol/node/endpoints.ts";
import { networkOf } from "../../server/network-of.ts";
import { RateLimiter } from "../../server/rate-limiter.ts";
import { MemoryEphemera } from "../../server/store/memory-ephemera.ts";
import { codeOf, Desk } from "./desk.ts";

describe("service: floods", () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk({ limits: { handshakeByAddress: { burst: 3, perSecond: 0.001 } } });
  });
  afterEach(() => desk.close());

  const askTime = async (remoteAddress: string): Promise<string> =>
    codeOf(
      await desk.service.handle({
        method: "POST",
        path: TIME_PATH,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ client_nonce: "A".repeat(22) }),
        remoteAddress,
      }),
    );

  it("from the many addresses of one IPv6 network count as one", async () => {
    const codes: string[] = [];
    for (let host = 1; host <= 5; host++) codes.push(await askTime(`2001:db8:0:7::${host}`));
    assert.deepEqual(codes, ["ok", "ok", "ok", "rate-limited", "rate-limited"]);
    assert.equal(await askTime("2001:0db8:0000:0007:ffff::1"), "rate-limited");
    assert.equal(await askTime("2001:db8:0:8::1"), "ok");
  });

  it("cannot spell one IPv4 address in two ways", async () => {
    for (let n = 0; n < 3; n++) await askTime("192.0.2.1");
    assert.equal(await askTime("::ffff:192.0.2.1"), "rate-limited");
    assert.equal(await askTime("192.0.2.2"), "ok");
  });

  it("by strangers do not make the limiter forget what a node has spent", async () => {
    const store = new MemoryEphemera();
    const limiter = new RateLimiter(store, { unixMs: () => desk.nowMs });
    const rate = { burst: 1, perSecond: 0.001 };
    const allows = (limit: string, subject: string) => limiter.allows({ limit, rate, subject });
    assert.equal(await allows("taps-by-node", "node"), true);
    for (let n = 0; n < 20_001; n++) await allows("handshake-by-address", `${n}`);
    assert.equal(await allows("taps-by-node", "node"), false);
    assert.equal(await allows("handshake-by-address", "0"), true, "memory is bounded");
    store.close();
  });

  it("of challenges for nodes do not keep a reader from one for a badge", async () => {
    const store = new MemoryEphemera({ challengesMax: 2 });
    const base = { tenantId: "t", badgeUid: undefined, nonce: new Uint8Array(32) };
    const put = (challengeId: string, kind: "node" | "badge") =>
      store.putChallenge(
        { ...base, challengeId, kind, nodeUid: challengeId, ephemeral: undefined, expiresAt: 99 },
        4,
      );
    await put("1", "node");
    await put("2", "node");
    await assert.rejects(put("3", "node"), { code: "unavailable" });
    await put("4", "badge");
    assert.ok(await store.takeChallenge("4", "badge"));
    await assert.rejects(put("5", "node"), { code: "unavailable" });
    assert.ok(await store.takeChallenge("1", "node"));
    await put("6", "node");
    store.close();
  });
});

describe("the network that an address counts for", () => {
  for (const [address, network] of [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:0DB8:00a0:7:1:2:3:4", "2001:db8:a0:7"],
    ["1:2:3:4:5::", "1:2:3:4"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["not an address", "not an address"],
  ] as const)
    it(`of ${address} is ${network}`, () => assert.equal(networkOf(address), network));
});
