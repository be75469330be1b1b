import assert from "node:assert/strict";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { NODE_KEY_NAME } from "../../protocol/node/node-key.ts";
import { NODE_UID_NAME } from "../../protocol/node/node-uid.ts";
import { rejectsCode } from "./error-code.ts";
import { Bench } from "./fake-platform.ts";
import { COMM_KEY } from "./fake-server.ts";
import { toyCrypto } from "./toy-crypto.ts";

const once = { attempts: 1 };

describe("the node's key", () => {
  it("is one, wherever the power is cut during registration", async () => {
    const moments = ["before", "after"] as const;
    let cuts = 0;
    for (const moment of moments)
      for (let n = 1; ; n++) {
        const bench = new Bench();
        let operations = 0;
        let dead = false;
        bench.storage.onOperation = (when) => {
          if (when === moment && ++operations === n) dead = true;
          if (dead) throw new Error("power cut");
        };
        const cut = bench.node({ retry: once });
        await bench.time.settle(cut.ensureRegistered().catch(() => {}));
        const reached = dead;
        if (!reached) break;
        cuts++;
        bench.storage.onOperation = () => {};
        const back = bench.node();
        const { nodePk } = await bench.time.settle(back.init());
        await bench.time.settle(back.authenticate());
        assert.deepEqual([...bench.server.nodes.keys()], [toHex(nodePk)], `${moment} ${n}`);
        assert.deepEqual([...bench.storage.values.keys()].sort(), [NODE_KEY_NAME, NODE_UID_NAME]);
        const again = await bench.time.settle(bench.node().init());
        assert.deepEqual(again.nodePk, nodePk);
        back.close();
      }
    assert.equal(cuts, 14); // 7 operations, cut before and after each
  });

  it("is not made by a random source that is stuck", async () => {
    const bench = new Bench();
    const random = { bytes: (length: number) => new Uint8Array(length).fill(0xaa) };
    const identity = bench.node({ platform: { ...bench.platform, random } });
    await rejectsCode(identity.init(), "random-unhealthy");
    assert.equal(bench.storage.values.size, 0);
  });

  it("is not used if the storage did not keep it", async () => {
    const bench = new Bench();
    const forgetful = { get: () => undefined, set: () => {}, delete: () => {} };
    const identity = bench.node({ platform: { ...bench.platform, storage: forgetful } });
    await rejectsCode(bench.time.settle(identity.ensureRegistered()), "storage-failed");
    assert.equal(bench.server.requests.length, 0);
  });

  it("that is damaged is not replaced", async () => {
    const bench = new Bench();
    bench.storage.values.set(NODE_KEY_NAME, new Uint8Array(31).fill(1));
    await rejectsCode(bench.node().init(), "storage-corrupt");
    assert.equal(bench.storage.values.get(NODE_KEY_NAME)?.length, 31);
  });

  it("that was lost is not replaced when the node was registered with it", async () => {
    const bench = new Bench();
    const first = bench.node();
    await bench.time.settle(first.ensureRegistered());
    first.close();
    bench.storage.values.delete(NODE_KEY_NAME);
    const again = bench.node();
    await rejectsCode(bench.time.settle(again.ensureRegistered()), "storage-corrupt");
    again.close();
    assert.equal(bench.server.nodes.size, 1);
    assert.equal(bench.storage.values.has(NODE_KEY_NAME), false);
  });

  it("works on when flash takes no more, and when the stored name is damaged", async () => {
    const bench = new Bench();
    bench.storage.onOperation = (_, what) => {
      if (what === `set ${NODE_UID_NAME}`) throw new LatchkeyError("storage-full");
    };
    const identity = bench.node();
    await bench.time.settle(identity.postEncrypted({ n: 1 }));
    assert.ok(bench.log.some((line) => line.includes("identity-uid-not-stored")));
    identity.close();
    bench.storage.values.set(NODE_UID_NAME, new Uint8Array(7));
    bench.storage.onOperation = () => {};
    const again = bench.node();
    await bench.time.settle(again.postEncrypted({ n: 2 }));
    again.close();
  });

  it("appears in no request, log line, event or serialised form, in any spelling", async () => {
    const bench = new Bench();
    const identity = bench.node({ enrolToken: "T0KEN" });
    await bench.time.settle(identity.postEncrypted({ n: 1 }));
    const seed = bench.storage.values.get(NODE_KEY_NAME)!;
    const session = [...bench.server.sessions.values()][0]!;
    const everything = [
      ...bench.log,
      JSON.stringify(bench.events),
      JSON.stringify(bench.server.requests),
      JSON.stringify(identity),
      JSON.stringify(identity.state),
      String(identity),
    ].join("\n");
    for (const secret of [seed, COMM_KEY, session.keys.up.key.bytes, session.keys.down.key.bytes])
      for (const spelling of [toHex(secret), toBase64(secret), toBase64Url(secret), `${secret}`])
        assert.equal(everything.includes(spelling), false);
    const publicKey = toBase64Url(toyCrypto.ed25519PublicKey(seed));
    assert.ok(everything.includes(publicKey), "the search finds nothing at all");
    identity.close();
  });
});
