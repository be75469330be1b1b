/** Every flash operation of a factory reset, and of sealing an older key, with the power cut. */
import assert from "node:assert/strict";
import { openNodeJournal, requestFactoryReset } from "../../firmware/factory-reset.ts";
import { EventLog } from "../../firmware/journal/event-log.ts";
import { layOutFlash } from "../../firmware/journal/flash-layout.ts";
import { Journal } from "../../firmware/journal/journal.ts";
import type { System } from "../../firmware/platform.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { loadOrCreateNodeKey, NODE_KEY_NAME } from "../../protocol/node/node-key.ts";
import { saveNodeUid } from "../../protocol/node/node-uid.ts";
import { CHIP, holds, randomOf, storageOf } from "./at-rest-bench.ts";
import { PowerCut, StrictFlash, TEARS } from "./strict-flash.ts";

const TENANT = "11111111-1111-4111-8111-111111111111";
const UID = "22222222-2222-4222-8222-222222222222";
const LOG = { write: () => {} };

/** A node's flash with a key, a name, settings and a reading, told to forget it all. */
function asked() {
  const flash = new StrictFlash(12);
  const { values, events } = layOutFlash(flash);
  const storage = storageOf(values);
  const { publicKey } = loadOrCreateNodeKey(crypto, storage, randomOf(7));
  saveNodeUid(storage, TENANT, publicKey, UID);
  const journal = new Journal(values);
  for (let i = 0; i < 12; i++) journal.set("setting", new Uint8Array(40).fill(i + 1));
  const reading = randomOf(8).bytes(60);
  new EventLog(events, { random: randomOf(2) }).append("access", reading);
  const sealed = journal.get(NODE_KEY_NAME)!.subarray(13, 21);
  requestFactoryReset(journal);
  return { flash: flash.restarted(), secrets: [sealed, reading.subarray(0, 8)] };
}

function boot(flash: StrictFlash, onForget: () => void = () => {}): Journal {
  const system = { ...CHIP, feedWatchdog: () => {}, restart: () => {} } as unknown as System;
  const store = { read: () => undefined, write: () => {}, clear: onForget };
  const provisioning = { store, check: () => {} };
  return openNodeJournal({ system, provisioning }, layOutFlash(flash), LOG);
}

describe("a factory reset", () => {
  it("leaves nothing of keys, names, settings and readings, and a flash that works", () => {
    const { flash, secrets } = asked();
    let forgotten = 0;
    for (const secret of secrets) assert.ok(holds(flash, secret));
    const journal = boot(flash, () => forgotten++);
    assert.deepEqual(journal.keys(), []);
    assert.ok(flash.bytes.every((byte) => byte === 0xff));
    boot(flash.restarted(), () => forgotten++);
    assert.equal(forgotten, 1);
    journal.set("x", Uint8Array.of(1));
    assert.deepEqual(new Journal(layOutFlash(flash.restarted()).values).keys(), ["x"]);
  });

  it("is finished by the next boot, in whichever flash operation the power goes", () => {
    const { flash: start, secrets } = asked();
    const whole = start.restarted();
    boot(whole);
    let resumed = 0;
    for (let operation = 0; operation < whole.operations; operation++) {
      for (const tear of TEARS) {
        const flash = start.restarted();
        flash.cut = { operation, tear, seed: operation * 7 };
        assert.throws(() => boot(flash), PowerCut);
        const back = flash.restarted();
        const journal = boot(back, () => resumed++);
        const where = `operation ${operation} of ${whole.operations}, ${tear}`;
        assert.deepEqual(journal.keys(), [], where);
        for (const secret of secrets) assert.ok(!holds(back, secret), where);
      }
    }
    assert.ok(resumed > whole.operations, `${resumed}`);
  });

  it("clears the bits of a sector that does not erase any more", () => {
    const { flash, secrets } = asked();
    flash.stuckLow.set(100, 1); // the first sector reads as not erased, whatever is done
    boot(flash);
    for (const secret of secrets) assert.ok(!holds(flash, secret));
  });
});

describe("a key that older firmware left open", () => {
  it("is sealed by the next boot, in whichever flash operation the power goes", () => {
    const seed = randomOf(5).bytes(32);
    const old = new StrictFlash(6);
    new Journal(old).set(NODE_KEY_NAME, seed);
    const publicKey = crypto.ed25519PublicKey(seed);
    const whole = old.restarted();
    storageOf(whole).get(NODE_KEY_NAME);
    for (let operation = 0; operation < whole.operations; operation++) {
      for (const tear of TEARS) {
        const flash = old.restarted();
        flash.cut = { operation, tear, seed: operation };
        assert.throws(() => storageOf(flash).get(NODE_KEY_NAME), PowerCut);
        const back = flash.restarted();
        const found = loadOrCreateNodeKey(crypto, storageOf(back, CHIP, 2), randomOf(9));
        assert.deepEqual(found.publicKey, publicKey, `${operation} ${tear}`);
        assert.equal(new Journal(back).get(NODE_KEY_NAME)?.length, 61);
      }
    }
  });
});
