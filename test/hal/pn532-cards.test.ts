import assert from "node:assert/strict";
import {
  isAntennaOverload,
  isTargetLost,
  PN532_STATUSES,
  statusError,
  statusName,
  statusOf,
} from "../../hal/pn532/status.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { bench, code, command, LIST, LIST_OK, reply } from "./driver-bench.ts";
import { NACK } from "./scripted-chip.ts";

describe("PN532 driver: cards", () => {
  it("lists the target of the published exchange in one read of 29 bytes", async () => {
    const { chip, pn532, run } = bench([{ write: LIST, replies: [LIST_OK] }]);
    const [target] = await run(pn532.inListPassiveTarget());
    assert.equal(toHex(target!.uid), "04518dfaa96180");
    assert.equal(chip.log.at(-1), `R 29 01${LIST_OK}`);
  });

  it("two targets are longer than expected: NACK, and again at full length", async () => {
    const second = "02034420" + "07" + "04112233445566" + "067777710280";
    const both = reply(0x4a, `02${LIST_OK.slice(16, -4)}${second}`);
    const { chip, pn532, run } = bench([{ write: command(0x4a, "0200"), replies: [both] }]);
    const targets = await run(pn532.inListPassiveTarget({ maxTargets: 2 }));
    assert.equal(targets.length, 2);
    assert.deepEqual(chip.writes.slice(1), [NACK]);
    assert.equal(chip.log.at(-1), `R ${both.length / 2 + 1} 01${both}`);
  });

  it("an APDU travels in one frame each way; its known length is read exactly", async () => {
    const apdu = "00a4040007d276000085010100";
    const { chip, pn532, run } = bench([
      { write: command(0x40, `01${apdu}`), replies: [reply(0x40, "009000")] },
    ]);
    const answer = await run(pn532.inDataExchange(1, fromHex(apdu), { expectBytes: 2 }));
    assert.equal(toHex(answer), "9000");
    assert.equal(chip.log.at(-1), `R 13 01${reply(0x40, "009000")}`);
  });

  it("256 bytes and a status word come in one extended frame", async () => {
    const body = "5a".repeat(256);
    const { chip, pn532, run } = bench([
      { write: command(0x40, "0100b0840000"), replies: [reply(0x40, `00${body}9000`)] },
    ]);
    const expect = { expectBytes: 258 };
    const answer = await run(pn532.inDataExchange(1, fromHex("00b0840000"), expect));
    assert.equal(toHex(answer), `${body}9000`);
    assert.ok(chip.log.at(-1)?.startsWith("R 272 "));
    assert.ok(!chip.writes.includes(NACK));
  });

  it("an answer of unknown length is corrected by one NACK", async () => {
    const body = "a5".repeat(120);
    const { chip, pn532, run } = bench([
      { write: command(0x40, "0190600000"), replies: [reply(0x40, `00${body}9100`)] },
    ]);
    const answer = await run(pn532.inDataExchange(1, fromHex("90600000")));
    assert.equal(answer.length, 122);
    assert.equal(chip.writes.filter((hex) => hex === NACK).length, 1);
  });

  it("what does not fit one frame is chained in both directions", async () => {
    const long = "c3".repeat(300);
    const first = command(0x40, `41${long.slice(0, 524)}`);
    const { pn532, run } = bench([
      { write: first, replies: [reply(0x40, "00")] },
      { write: command(0x40, `01${long.slice(524)}`), replies: [reply(0x40, "4011223344")] },
      { write: command(0x40, "01"), replies: [reply(0x40, "405566")] },
      { write: command(0x40, "01"), replies: [reply(0x40, "009000")] },
    ]);
    assert.equal(toHex(await run(pn532.inDataExchange(1, fromHex(long)))), "1122334455669000");
  });

  it("a card that chains for ever is card-protocol", async () => {
    const step = { write: command(0x40, "01"), replies: [reply(0x40, "40")] };
    const { pn532, run } = bench([{ ...step, write: command(0x40, "0100") }, step, step]);
    await assert.rejects(run(pn532.inDataExchange(1, fromHex("00"))), code("card-protocol"));
  });

  it("a reply without its status byte is pn532-frame", async () => {
    const { pn532, run } = bench([{ write: command(0x52, "00"), replies: [reply(0x52, "")] }]);
    await assert.rejects(run(pn532.inRelease()), code("pn532-frame"));
  });

  for (const status of PN532_STATUSES) {
    const hex = status.toString(16).padStart(2, "0");
    it(`status ${hex} is the error ${statusName(status)}`, async () => {
      const { pn532, run } = bench([{ write: command(0x40, "0100"), replies: [reply(0x40, hex)] }]);
      await assert.rejects(run(pn532.inDataExchange(1, fromHex("00"))), (error) => {
        assert.ok(isLatchkeyError(error, "pn532-status"));
        assert.equal(error.detail["status"], hex);
        assert.notEqual(error.detail["name"], "unknown");
        return statusOf(error) === status;
      });
    });
  }

  it("statuses fall into those that lose the card, those that heat, and the rest", () => {
    assert.deepEqual(PN532_STATUSES.filter(isTargetLost), [0x01, 0x0a, 0x25, 0x27, 0x29, 0x2b]);
    assert.deepEqual(PN532_STATUSES.filter(isAntennaOverload), [0x0d, 0x2d]);
    assert.equal(statusName(0x3e), "unknown");
    assert.equal(statusOf(statusError(0x41, "InDataExchange")), 1, "MI is not part of the error");
  });

  it("the sign of life is Diagnose 06", async () => {
    const ask = command(0x00, "06");
    const { pn532, run } = bench([
      { write: ask, replies: [reply(0x00, "00")] },
      { write: ask, replies: [reply(0x00, "01")] },
    ]);
    assert.equal(await run(pn532.isPresent()), true);
    assert.equal(await run(pn532.isPresent()), false);
  });
});
