import assert from "node:assert/strict";
import { Journal } from "../../firmware/journal/journal.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { loadOrCreateNodeKey, NODE_KEY_NAME } from "../../protocol/node/node-key.ts";
import { saveNodeUid } from "../../protocol/node/node-uid.ts";
import { lcg, StrictFlash } from "./strict-flash.ts";

const TENANT = "11111111-1111-4111-8111-111111111111";
const UID = "22222222-2222-4222-8222-222222222222";

describe("a journal with a bit that fell over", () => {
  it("in the node's key never leads to a second key", () => {
    const next = lcg(3);
    const random = { bytes: (n: number) => Uint8Array.from({ length: n }, () => next() & 0xff) };
    const flash = new StrictFlash(4);
    const journal = new Journal(flash);
    const { publicKey } = loadOrCreateNodeKey(nobleCrypto, journal, random);
    saveNodeUid(journal, TENANT, publicKey, UID);
    const seed = journal.get(NODE_KEY_NAME)!;
    const at = flash.bytes.findIndex((_, i) =>
      seed.every((byte, n) => flash.bytes[i + n] === byte),
    );
    assert.ok(at > 0);
    for (const offset of [-5, 0, 31]) {
      const worn = flash.restarted();
      worn.bytes[at + offset]! ^= 0x10;
      assert.throws(
        () => loadOrCreateNodeKey(nobleCrypto, new Journal(worn), random),
        (error: unknown) => isLatchkeyError(error, "storage-corrupt"),
        `offset ${offset}`,
      );
    }
  });

  it("never gives one value for another, also when the place is used again", () => {
    const flash = new StrictFlash(4);
    const journal = new Journal(flash);
    const seed = Uint8Array.from({ length: 32 }, (_, n) => n * 7 + 1);
    journal.set(NODE_KEY_NAME, seed);
    const at = flash.bytes.findIndex((_, i) =>
      seed.every((byte, n) => flash.bytes[i + n] === byte),
    );
    flash.bytes[at]! ^= 1;
    const corrupt = (error: unknown) => isLatchkeyError(error, "storage-corrupt");
    for (let n = 0; n < 200; n++) {
      journal.set("count", Uint8Array.of(n, 1));
      assert.throws(() => journal.get(NODE_KEY_NAME), corrupt, `after ${n}`);
    }
    journal.set(NODE_KEY_NAME, seed);
    assert.deepEqual(journal.get(NODE_KEY_NAME), seed);
  });
});
