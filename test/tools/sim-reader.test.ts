import assert from "node:assert/strict";
import type { Card } from "../../host-sim/nfc/card.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { pn532CardChannel } from "../../tools/badge/card-channel.ts";
import { type SimReader, simReader } from "../../tools/badge/sim-reader.ts";
import {
  blankChip,
  isFactoryFresh,
  NEW,
  type Order,
  PROFILES,
  tapAs,
} from "../server/card-bench.ts";
import { Desk, nextUid, type TestNode } from "../server/desk.ts";

/** A card that is none of ours: what it answers, by the beginning of the command. */
function foreignCard(shape: Partial<Card>, answers: Readonly<Record<string, string>> = {}) {
  const heard: string[] = [];
  const card: Card = {
    uid: nextUid(),
    atqa: 0x0344,
    sak: 0x20,
    ats: fromHex("067777710280"),
    fieldOn() {},
    fieldOff() {},
    deselect() {},
    apdu(command) {
      const text = toHex(command);
      heard.push(text);
      const known = Object.keys(answers).find((start) => text.startsWith(start));
      return { response: fromHex(known === undefined ? "6d00" : answers[known]!), timeUs: 100 };
    },
    ...shape,
  };
  return { card, heard };
}

describe("a badge at the simulated PN532 of --sim", () => {
  let desk: Desk;
  let node: TestNode;
  let tenantId: string;
  before(async () => {
    desk = new Desk();
    const provisioning = await desk.tenant();
    tenantId = provisioning.tenantId;
    node = await desk.node(provisioning).boot();
  });
  after(() => desk.close());

  async function order(reader: SimReader, wish: Order) {
    const { pn532, run } = reader;
    await run(pn532.open());
    const { uid, transceive } = await run(pn532CardChannel(pn532));
    const whole = { ...wish, tenantId, badgeUid: uid };
    return await desk.service.admin.card(whole, (apdu) => run(transceive(apdu)));
  }

  for (const profile of PROFILES)
    it(`lives its whole life through driver, frames, chip and field: ${profile}`, async () => {
      const chip = blankChip();
      let field = 0;
      const fieldOn = chip.fieldOn.bind(chip);
      chip.fieldOn = () => {
        field++;
        fieldOn();
      };
      for (const command of ["new", "lock", "rekey"] as const) {
        const wish = command === "new" ? { ...NEW, profile } : { command };
        assert.equal((await order(simReader(chip), wish)).state, "enrolled");
        assert.equal(await tapAs(profile, node, chip), "granted");
        desk.nowMs += 2000;
      }
      assert.equal((await order(simReader(chip), { command: "wipe" })).state, "blank");
      assert.ok(isFactoryFresh(chip));
      assert.ok(field >= 4, "the PN532 switches its field on for each");
    });

  it("is named when it is no NTAG 424 DNA, and is asked no more than what it is", async () => {
    const version = {
      "00a404": "9000",
      "9060": "0401013300160591af",
      "90af": "0401010300160591af",
    };
    const cases = [
      ["Type 2 tag", foreignCard({ sak: 0x00, atqa: 0x0044 }), /no ISO 14443-4/, 0],
      [
        "MIFARE Classic",
        foreignCard({ sak: 0x08, atqa: 0x0004, uid: fromHex("9c1f33a7") }),
        /./,
        0,
      ],
      ["phone", foreignCard({ uid: fromHex("08a1b2c3") }), /random UID: a phone/, 0],
      ["DESFire", foreignCard({}, version), /./, 4],
      ["bank card", foreignCard({}, { "00a404": "6a82" }), /no NDEF application/, 1],
      ["no Type 4 tag", foreignCard({}), /ISOSelectFile/, 1],
    ] as const;
    for (const [name, { card, heard }, message, apdus] of cases)
      for (const profile of PROFILES) {
        heard.length = 0;
        await assert.rejects(order(simReader(card), { ...NEW, profile }), (error) => {
          assert.ok(error instanceof LatchkeyError, `${name}: ${error}`);
          assert.ok(["card-unsupported", "card-protocol"].includes(error.code), error.code);
          assert.match(error.message, message, name);
          return true;
        });
        assert.ok(heard.length <= apdus, `${name}: ${heard}`);
        assert.ok(!heard.some((text) => /^90(71|8d|c4|5f|5c)/.test(text)), name);
      }
  });
});
