import assert from "node:assert/strict";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import {
  changeFileSettings,
  getCardUid,
  getFileCounters,
  getFileSettings,
  getKeyVersion,
  getVersion,
  identifyNtag424,
  readSignature,
} from "../../protocol/ntag424/card-facts.ts";
import { changeKey } from "../../protocol/ntag424/change-key.ts";
import { setConfiguration } from "../../protocol/ntag424/configuration.ts";
import { readData, writeData } from "../../protocol/ntag424/file-data.ts";
import type { FileSettings } from "../../protocol/ntag424/file-settings.ts";
import { localKeyHolder } from "../../protocol/ntag424/handshake.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import { Session } from "../../protocol/ntag424/session.ts";
import { chipInField } from "./chip-reader.ts";

const ZERO = new Uint8Array(16);
const SIGNATURE = new Uint8Array(56).fill(0x51);

function transceiveOf(chip: Ntag424): Transceive {
  return (apdu) => Promise.resolve(chip.apdu(apdu).response);
}
const holderOf = (key: Uint8Array) =>
  localKeyHolder(nobleCrypto, new Prng("holder", "rndA"), () => new Secret(key.slice()));

/** File 2 with everything that SDM has, for a chip of either kind. */
function sdmSettings(lrp: boolean): FileSettings {
  const at = lrp ? 80 : 60;
  return {
    commMode: "full",
    access: { read: "free", write: 0, readWrite: 3, change: 0 },
    sdm: {
      picc: { kind: "encrypted", keyNo: 1, offset: 10, uid: true, counter: true },
      fileRead: {
        ...{ keyNo: 2, macInputOffset: at, macOffset: at + 64 },
        encrypted: { offset: at, length: 64 },
      },
      counterRead: 4,
      counterLimit: 1000,
    },
  };
}

for (const lrp of [false, true]) {
  const messaging = lrp ? "lrp" : "aes";
  describe(`the driver and the chip, written apart, in ${lrp ? "LRP" : "AES"} mode`, () => {
    it("agree on every command of a session", async () => {
      const { chip, memory } = chipInField({ lrp, signature: SIGNATURE });
      const transceive = transceiveOf(chip);
      await identifyNtag424(transceive);
      const session = await Session.open(transceive, holderOf(ZERO), { keyNo: 0, messaging });
      assert.equal(toHex(await getCardUid(session)), "04958caa5c5e80");
      assert.equal(toHex((await getVersion(session)).uid), "04958caa5c5e80");
      assert.deepEqual(await readSignature(session), SIGNATURE);
      const content = Uint8Array.from({ length: 128 }, (_, i) => i ^ 0x5a);
      await session.reauthenticate(holderOf(ZERO), { keyNo: 3 });
      await writeData(session, { fileNo: 3, mode: "full" }, content);
      assert.deepEqual(chip.file(3).content, content);
      assert.deepEqual(await readData(session, { fileNo: 3, mode: "full" }, 128), content);
      await session.reauthenticate(holderOf(ZERO), { keyNo: 0 });
      const wanted = sdmSettings(lrp);
      await changeFileSettings(session, 2, wanted);
      assert.deepEqual(await getFileSettings(session, 2), { ...wanted, size: 256 });
      const newKey = new Secret(new Uint8Array(16).fill(0x44));
      await changeKey(session, {
        keyNo: 4,
        newKey,
        newVersion: 9,
        oldKey: new Secret(ZERO.slice()),
      });
      assert.equal(await getKeyVersion(session, 4), 9);
      await session.reauthenticate(holderOf(newKey.bytes), { keyNo: 4 });
      assert.equal(await getFileCounters(session, 2), 0);
      await session.reauthenticate(holderOf(ZERO), { keyNo: 0 });
      await changeKey(session, { keyNo: 0, newKey, newVersion: 1 });
      assert.equal(session.closed, true);
      assert.deepEqual(memory.keys[0], { value: newKey.bytes, version: 1 });
      assert.equal(await getKeyVersion(plainSender(transceive), 0), 1);
    });

    it("agree on what a wrong key costs: one attempt", async () => {
      const { chip, memory } = chipInField({ lrp });
      const wrong = holderOf(new Uint8Array(16).fill(1));
      await assert.rejects(
        Session.open(transceiveOf(chip), wrong, { keyNo: 2, messaging }),
        (error: unknown) => isLatchkeyError(error, "card-key-wrong"),
      );
      assert.equal(memory.failures[2]!.total, 1);
    });

    it("agree on waiting out the chip's delay", async () => {
      const { chip, memory } = chipInField({ lrp });
      memory.failures[2]!.consecutive = 60;
      await Session.open(transceiveOf(chip), holderOf(ZERO), { keyNo: 2, messaging });
      assert.equal(memory.failures[2]!.consecutive, 0);
    });
  });
}

describe("the driver and the chip, written apart", () => {
  it("agree on every option of SetConfiguration, the switch to LRP last", async () => {
    const { chip, memory } = chipInField();
    const transceive = transceiveOf(chip);
    const session = await Session.open(transceive, holderOf(ZERO), { keyNo: 0 });
    await setConfiguration(session, { option: "failed-auth", limit: 100, decrement: 5 });
    await setConfiguration(session, { option: "no-chained-writes" });
    await setConfiguration(session, { option: "back-modulation", strong: false });
    await setConfiguration(session, { option: "capabilities", pdCap5: 1, pdCap6: 2 });
    await setConfiguration(session, { option: "random-id" });
    await setConfiguration(session, { option: "lrp" });
    assert.deepEqual(memory.configuration, {
      ...{ lrp: true, pdCap5: 0, pdCap6: 0, chainedWritesOff: true, strongBackModulation: false },
      ...{ failureCounting: true, failureLimit: 100, failureDecrement: 5 },
    });
    assert.equal(memory.randomId, true);
    const again = await Session.open(transceive, holderOf(ZERO), { keyNo: 0, messaging: "lrp" });
    assert.equal(toHex(await getCardUid(again)), "04958caa5c5e80");
  });

  it("end the session together when a command is refused", async () => {
    const { chip } = chipInField();
    const session = await Session.open(transceiveOf(chip), holderOf(ZERO), { keyNo: 1 });
    await assert.rejects(
      writeData(session, { fileNo: 3, mode: "full" }, new Uint8Array(4)),
      (error: unknown) => isLatchkeyError(error, "card-status"),
    );
    assert.equal(session.closed, true);
  });
});
