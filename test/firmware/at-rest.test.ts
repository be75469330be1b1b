/** A node's key in flash: what is written, and where it opens. */
import assert from "node:assert/strict";
import { Journal } from "../../firmware/journal/journal.ts";
import { nodeStorage } from "../../firmware/node-storage.ts";
import type { System } from "../../firmware/platform.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { loadOrCreateNodeKey, NODE_KEY_NAME } from "../../protocol/node/node-key.ts";
import { throwsCode } from "../protocol/error-code.ts";
import { CHIP, type Chip, holds, randomOf, storageOf } from "./at-rest-bench.ts";
import { StrictFlash } from "./strict-flash.ts";

function withKey(chip: Chip = CHIP) {
  const flash = new StrictFlash(6);
  const { seed, publicKey } = loadOrCreateNodeKey(crypto, storageOf(flash, chip), randomOf(7));
  return { flash, seed: seed.bytes.slice(), publicKey };
}

describe("a node's key at rest", () => {
  it("stands in flash sealed, and opens at the next boot", () => {
    const { flash, seed, publicKey } = withKey();
    assert.ok(!holds(flash, seed.subarray(0, 8)));
    const again = loadOrCreateNodeKey(crypto, storageOf(flash.restarted()), randomOf(9));
    assert.deepEqual([again.fresh, again.publicKey], [false, publicKey]);
  });

  it("does not open on another board, which makes no second key either", () => {
    const { flash } = withKey();
    const other = { chipId: "e6614103e7452a30" };
    const load = () =>
      loadOrCreateNodeKey(crypto, storageOf(flash.restarted(), other), randomOf(9));
    throwsCode(load, "storage-corrupt");
    throwsCode(load, "storage-corrupt");
  });

  it("needs the chip's own secret where the chip has one: flash and identifier are not enough", () => {
    const secret = () => new Uint8Array(32).fill(0x5a);
    const { flash, publicKey } = withKey({ ...CHIP, chipSecret: secret });
    const load = (chip: Chip) =>
      loadOrCreateNodeKey(crypto, storageOf(flash.restarted(), chip), randomOf(9)).publicKey;
    assert.deepEqual(load({ ...CHIP, chipSecret: secret }), publicKey);
    throwsCode(() => load({ ...CHIP, chipSecret: () => new Uint8Array(32) }), "storage-corrupt");
    throwsCode(() => load(CHIP), "storage-corrupt");
    assert.ok(!holds(flash, secret()));
  });

  it("is refused when altered, and without its secret in flash, and never replaced", () => {
    const { flash } = withKey();
    const stored = new Journal(flash).get(NODE_KEY_NAME)!;
    for (const i of [0, 1, 12, 13, 44, 45, 60]) {
      const worn = flash.restarted();
      const journal = new Journal(worn);
      const bent = stored.slice();
      bent[i] = bent[i]! ^ 1;
      journal.set(NODE_KEY_NAME, bent);
      throwsCode(
        () => loadOrCreateNodeKey(crypto, storageOf(worn), randomOf(9)),
        "storage-corrupt",
      );
    }
    const journal = new Journal(flash.restarted());
    journal.delete("device.secret");
    const system = CHIP as System;
    const storage = nodeStorage({ crypto, random: randomOf(3), system }, journal);
    throwsCode(() => loadOrCreateNodeKey(crypto, storage, randomOf(9)), "storage-corrupt");
  });

  it("that older firmware left open is sealed at the first boot of this one", () => {
    const seed = randomOf(5).bytes(32);
    const flash = new StrictFlash(6);
    new Journal(flash).set(NODE_KEY_NAME, seed);
    const { publicKey } = loadOrCreateNodeKey(crypto, storageOf(flash), randomOf(9));
    assert.deepEqual(publicKey, crypto.ed25519PublicKey(seed));
    assert.equal(new Journal(flash.restarted()).get(NODE_KEY_NAME)?.length, 61);
  });

  it("never uses one nonce twice", () => {
    const storage = storageOf(new StrictFlash(6));
    const journal = new StrictFlash(6);
    const nonces = new Set<string>();
    const again = storageOf(journal);
    for (let i = 0; i < 20; i++) {
      again.set(NODE_KEY_NAME, new Uint8Array(32).fill(i));
      nonces.add(String(new Journal(journal.restarted()).get(NODE_KEY_NAME)!.slice(1, 13)));
    }
    assert.equal(nonces.size, 20);
    assert.throws(() => storage.set(NODE_KEY_NAME, new Uint8Array(31)), RangeError);
  });
});
