import assert from "node:assert/strict";
import { airTimeUs, crcFrame } from "../../host-sim/nfc/air-frame.ts";
import {
  type AirFailure,
  type AirProcedure,
  hasFailed,
  runInField,
} from "../../host-sim/nfc/air-procedure.ts";
import type { CardFaults } from "../../host-sim/nfc/card.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import { IsoDepLink } from "../../host-sim/nfc/iso-dep-link.ts";
import { activate, request, select } from "../../host-sim/nfc/iso14443.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { World } from "../../host-sim/world/world.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { chipInField } from "./chip-reader.ts";

const SELECT = fromHex("00a4040007d276000085010100");
const SELECT_NDEF = fromHex("00a4000c02e104");

function good<T extends object>(result: T | AirFailure): T {
  if (hasFailed(result)) assert.fail(`${result.failed}: ${result.why}`);
  return result;
}

/** The chip in front of an antenna, activated. */
async function onAir(chip: Ntag424, faults: CardFaults = {}) {
  const world = new World({ seed: "chip", idle: () => Promise.resolve() });
  const field = new NfcField(world);
  field.switchOn();
  field.enter(chip, faults);
  await world.runFor(5_000);
  const run = async <T>(procedure: AirProcedure<T>): Promise<T> => {
    const out: T[] = [];
    runInField(world, field, procedure, (result) => out.push(result));
    assert.ok(await world.run(() => out.length > 0, 60_000_000), "the procedure never ended");
    return out[0]!;
  };
  const { atqa } = good(await run(request(false)));
  const selected = good(await run(select()));
  const link = good(await run(activate(8)));
  const exchange = (apdu: Uint8Array) => run(link.exchange(apdu));
  return { world, field, run, atqa, selected, link, exchange };
}

describe("the chip in the field", () => {
  it("shows a fresh 4-byte UID under Random ID, with ATQA and SAK to match", async () => {
    const { chip, memory } = chipInField();
    memory.randomId = true;
    const seen = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const { field, atqa, selected } = await onAir(chip);
      assert.equal(atqa, 0x0304);
      assert.equal(selected.sak, 0x20);
      assert.match(toHex(selected.uid), /^08[0-9a-f]{6}$/);
      seen.add(toHex(selected.uid));
      field.leave(chip);
    }
    assert.equal(seen.size, 3);
    memory.randomId = false;
    const { selected, atqa } = await onAir(chip);
    assert.deepEqual([toHex(selected.uid), atqa], ["04958caa5c5e80", 0x0344]);
  });

  for (const tearing of ["done", "undone"] as const) {
    it(`that leaves while it works on a write has ${tearing} it`, async () => {
      const { chip } = chipInField();
      chip.tearing = tearing;
      const faults: CardFaults = {};
      const { world, field, exchange } = await onAir(chip, faults);
      await exchange(SELECT);
      await exchange(SELECT_NDEF);
      faults.onApdu = () => void world.after(150, () => field.leave(chip));
      assert.ok(hasFailed(await exchange(fromHex("00d60000021234"))));
      const content = toHex(chip.file(2).content.slice(0, 2));
      assert.equal(content, tearing === "done" ? "1234" : "0000");
    });
  }

  it("that leaves while it answers has done what it says", async () => {
    const { chip } = chipInField();
    chip.tearing = "undone";
    const { field, exchange } = await onAir(chip);
    await exchange(SELECT);
    await exchange(SELECT_NDEF);
    const command = fromHex("00d60000021234");
    field.leaveAfterBytes(chip, command.length + 3 + 1); // PCB, CRC and a byte of the answer
    assert.ok(hasFailed(await exchange(command)));
    assert.equal(field.present().length, 0);
    assert.equal(toHex(chip.file(2).content.slice(0, 2)), "1234");
  });

  it("that answered too late for the reader has done it all the same", async () => {
    const { chip } = chipInField();
    chip.tearing = "undone";
    const faults: CardFaults = {};
    const { world, field, exchange } = await onAir(chip, faults);
    await exchange(SELECT);
    await exchange(SELECT_NDEF);
    Object.assign(faults, { extraTimeUs: 60_000, withoutWtx: true });
    assert.ok(hasFailed(await exchange(fromHex("00d60000021234"))));
    await world.runFor(100_000);
    field.leave(chip);
    assert.equal(toHex(chip.file(2).content.slice(0, 2)), "1234");
  });

  it("that leaves between two frames of a write has written the first", async () => {
    const { chip } = chipInField();
    const { field, exchange } = await onAir(chip);
    await exchange(SELECT);
    await exchange(SELECT_NDEF);
    const apdu = Uint8Array.of(0x00, 0xd6, 0x00, 0x00, 200, ...new Uint8Array(200).fill(0x5a));
    field.leaveAfterBytes(chip, 128 + 3 + 10); // the first frame, its R(ACK), some of the second
    assert.ok(hasFailed(await exchange(apdu)));
    const content = chip.file(2).content;
    assert.equal(content.indexOf(0), 125 - 5, "125 bytes of the APDU fit into a frame");
  });

  it("asks for more time where LRP or a delay needs it, and nobody notices", async () => {
    const { chip, memory } = chipInField({ lrp: true });
    memory.failures[0]!.consecutive = 49;
    const { exchange } = await onAir(chip);
    await exchange(SELECT);
    const { response } = good(await exchange(fromHex("907100000300010200")));
    assert.equal(toHex(response.slice(-2)), "91af");
  });
});

describe("the test whether a card is still there", () => {
  /** What `isThere` makes of one answer, without a field. */
  function verdict(reply: Uint8Array | undefined): boolean {
    const procedure = new IsoDepLink(fromHex("067777710280"), 0).isThere();
    const step = procedure.next({ kind: "silence" });
    assert.ok(!step.done && "frame" in step.value);
    assert.equal(toHex(step.value.frame.bytes.slice(0, 1)), "b2");
    assert.ok(airTimeUs(step.value.frame, "pcd") > 0);
    const end = procedure.next(
      reply === undefined ? { kind: "silence" } : { kind: "frame", frame: crcFrame(reply) },
    );
    assert.ok(end.done);
    return end.value as boolean;
  }

  it("takes R(ACK) and the last I-block for presence, and nothing else", () => {
    assert.equal(verdict(fromHex("a2")), true);
    assert.equal(verdict(fromHex("a3")), true);
    assert.equal(verdict(fromHex("039000")), true);
    assert.equal(verdict(fromHex("12aabb")), true);
    assert.equal(verdict(fromHex("b2")), false, "a card sends no R(NAK)");
    assert.equal(verdict(fromHex("c2")), false);
    assert.equal(verdict(fromHex("f201")), false);
    assert.equal(verdict(undefined), false);
  });

  it("disturbs no session", async () => {
    const { chip, reader } = chipInField();
    const { run, link, exchange } = await onAir(chip);
    await exchange(SELECT);
    assert.equal(reader.authenticate(0), "9100");
    assert.equal(await run(link.isThere()), true);
    const { response } = good(await exchange(reader.wrap(0x51, "", "", "full")));
    assert.equal(toHex(response.slice(-2)), "9100");
  });
});
