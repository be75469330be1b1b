import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { selectApplication } from "../../protocol/nfc/ntag424-read.ts";
import { getFileSettings, getKeyVersion } from "../../protocol/ntag424/card-facts.ts";
import { readData } from "../../protocol/ntag424/file-data.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import { badge } from "../e2e/badge.ts";

describe("the simulator's blank badge", () => {
  it("is as NXP delivers the chip: NT4H2421Gx Table 5 and §8.2.3.2", async () => {
    const sim = await Simulation.create({ seed: "blank", badges: { blank: badge("blank") } });
    const { card } = await sim.badges.get("blank");
    card.fieldOn();
    const transceive = async (apdu: Uint8Array) => card.apdu(apdu).response;
    await selectApplication(transceive);
    const sender = plainSender(transceive);
    const rights = async (fileNo: number) => {
      const { access, commMode, sdm } = await getFileSettings(sender, fileNo);
      const { read, write, readWrite, change } = access;
      return [commMode, read, write, readWrite, change, sdm];
    };
    assert.deepEqual(await rights(1), ["plain", "free", 0, 0, 0, undefined]);
    assert.deepEqual(await rights(2), ["plain", "free", "free", "free", 0, undefined]);
    assert.deepEqual(await rights(3), ["full", 2, 3, 3, 0, undefined]);
    const container = await readData(sender, { fileNo: 1, mode: "plain" }, 23);
    // The NDEF file's TLV says that anybody may write it.
    assert.equal(toHex(container), "001720010000ff0406e104010000000506e10500808283");
    const ndef = await readData(sender, { fileNo: 2, mode: "plain" }, 256);
    assert.ok(ndef.every((byte) => byte === 0));
    for (let keyNo = 0; keyNo < 5; keyNo++) assert.equal(await getKeyVersion(sender, keyNo), 0);
  });
});
