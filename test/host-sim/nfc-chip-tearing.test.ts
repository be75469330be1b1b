import assert from "node:assert/strict";
import { snapshotChip } from "../../host-sim/nfc/chip-snapshot.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { chipInField, settings } from "./chip-reader.ts";

const FULL = { read: 0, write: 0, readWrite: 0, change: 0 };
const NEW_KEY = "11".repeat(16);

/** Each command that writes, as instruction, header, data and mode. */
const WRITES = [
  ["WriteData", 0x8d, "03000000040000", "deadbeef", "full"],
  ["ChangeFileSettings", 0x5f, "03", settings("mac", FULL), "full"],
  ["ChangeKey of the session", 0xc4, "00", `${NEW_KEY}01`, "full"],
  ["ChangeKey of another", 0xc4, "01", `${NEW_KEY}01a7c83697`, "full"],
  ["SetConfiguration 00", 0x5c, "00", "02", "full"],
  ["SetConfiguration 05", 0x5c, "05", "00000000020000000000", "full"],
  ["SetConfiguration 0A", 0x5c, "0a", "0105000100", "full"],
] as const;

describe("a chip that loses its power in the middle of a command", () => {
  for (const [name, ins, header, data, mode] of WRITES) {
    it(`has done all of ${name}, or nothing`, () => {
      for (const tearing of ["done", "undone"] as const) {
        const { chip, reader } = chipInField();
        chip.file(3).access = FULL;
        reader.authenticate(0);
        const before = JSON.stringify(snapshotChip(chip));
        chip.tearing = tearing;
        const answer = reader.say(reader.wrap(ins, header, data, mode));
        assert.equal(answer.slice(-4), "9100");
        const after = JSON.stringify(snapshotChip(chip));
        assert.notEqual(after, before);
        chip.torn();
        chip.fieldOff();
        assert.equal(JSON.stringify(snapshotChip(chip)), tearing === "done" ? after : before);
        chip.fieldOn();
        reader.say("00a4040007d276000085010100");
        assert.equal(reader.say("9051000000"), "91ae", "the session is gone");
      }
    });
  }

  it("comes out both ways when the scenario leaves it to chance", () => {
    const outcomes = new Set<string>();
    const { chip, reader } = chipInField();
    chip.tearing = "random";
    for (let i = 0; i < 40; i++) {
      reader.say("00a4000c02e104");
      const before = toHex(chip.file(2).content.slice(0, 1));
      reader.say(`00d6000001${(i + 1).toString(16).padStart(2, "0")}`);
      chip.torn();
      outcomes.add(before === toHex(chip.file(2).content.slice(0, 1)) ? "undone" : "done");
    }
    assert.deepEqual([...outcomes].sort(), ["done", "undone"]);
  });
});

describe("a write that comes in several frames", () => {
  const bytes = Array.from({ length: 160 }, (_, i) => (i + 1).toString(16).padStart(2, "0"));
  const data = bytes.join("");

  it("has written the frames that came when the last one did not", () => {
    const { chip, reader } = chipInField();
    const apdu = reader.wrap(0x8d, "02000000a00000", data);
    chip.torn(apdu.slice(0, 125));
    assert.equal(toHex(chip.file(2).content.slice(0, 114)), `${bytes.slice(0, 113).join("")}00`);
    reader.say("00a4000c02e104");
    const iso = `00d60000a0${"77".repeat(160)}`.match(/../g)!;
    chip.torn(Uint8Array.from(iso.slice(0, 20), (byte) => Number.parseInt(byte, 16)));
    assert.equal(toHex(chip.file(2).content.slice(0, 16)), `${"77".repeat(15)}10`);
  });

  it("writes nothing that its right does not cover, or that is not whole enough to be read", () => {
    const { chip, reader } = chipInField();
    chip.torn(reader.wrap(0x8d, "03000000a00000", data).slice(0, 125));
    chip.torn(reader.wrap(0x8d, "02000000a00000", data).slice(0, 10));
    chip.torn(reader.wrap(0x8d, "02640000a00000", data).slice(0, 125));
    chip.torn(Uint8Array.of(0x00, 0xd6, 0x00));
    chip.torn(Uint8Array.of(0x90));
    reader.authenticate(0);
    chip.torn(Uint8Array.of(0x00, 0xd6, 0x84, 0x00, 4, 1, 2, 3)); // not in a session
    for (const file of chip.memory.files.slice(1)) {
      assert.ok(file.content.every((byte) => byte === 0));
    }
  });

  for (const lrp of [false, true]) {
    it(`has written decrypted blocks before a wrong MAC stops it (${lrp ? "LRP" : "AES"})`, () => {
      const { chip, reader } = chipInField({ lrp });
      chip.file(2).access = FULL;
      chip.file(2).commMode = "full";
      reader.authenticate(0);
      const apdu = reader.wrap(0x8d, "02000000a00000", data, "full");
      const last = apdu.length - 2;
      apdu[last] = apdu[last]! ^ 1;
      assert.equal(reader.say(apdu, 125), "911e");
      // 113 bytes of cipher came in the first frame: seven whole blocks.
      assert.equal(toHex(chip.file(2).content.slice(0, 113)), `${bytes.slice(0, 112).join("")}00`);
      assert.equal(reader.say("9051000000"), "91ae");
    });
  }

  it("is refused in mode MAC and full once SetConfiguration has said so", () => {
    const { chip, memory, reader } = chipInField();
    memory.configuration.chainedWritesOff = true;
    chip.file(2).access = { ...FULL, write: 0xe };
    for (const [commMode, sw] of [
      ["plain", "9100"],
      ["mac", "919d"],
      ["full", "919d"],
    ] as const) {
      chip.file(2).commMode = commMode;
      reader.authenticate(0);
      const apdu = reader.wrap(0x8d, "02000000a00000", data, commMode);
      assert.equal(reader.say(apdu, 125).slice(-4), sw);
    }
    reader.authenticate(0);
    const short = reader.wrap(0x8d, "02000000040000", "01020304", "full");
    assert.equal(reader.say(short).slice(-4), "9100");
  });
});
