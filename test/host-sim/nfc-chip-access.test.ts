import assert from "node:assert/strict";
import { decodeApdu } from "../../host-sim/nfc/ntag424-apdu.ts";
import { AesChannel } from "../../host-sim/nfc/ntag424-channel.ts";
import type { CommMode } from "../../host-sim/nfc/ntag424-file.ts";
import { nativeCommand } from "../../host-sim/nfc/ntag424-native.ts";
import { freshSession } from "../../host-sim/nfc/ntag424-session.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { chipInField, settings, ZERO_KEY } from "./chip-reader.ts";

const FREE = 0xe;
const NEVER = 0xf;
const MODES: readonly CommMode[] = ["plain", "mac", "full"];
const CONDITIONS = [0, 3, FREE, NEVER];

/** What §8.2.3.3 says about two conditions and a session: a mode, or a status word. */
function rule(a: number, b: number, key: number | undefined, own: CommMode): CommMode | string {
  if (key !== undefined && (a === key || b === key)) return own;
  if (a === FREE || b === FREE) return "plain";
  return a === NEVER && b === NEVER ? "919d" : "91ae";
}

for (const lrp of [false, true]) {
  // LRP costs hundreds of AES blocks a message; the rules are the same code.
  const keys = lrp ? [3] : [undefined, 0, 3];
  const modes: readonly CommMode[] = lrp ? ["full"] : MODES;
  describe(`access rights of a chip in ${lrp ? "LRP" : "AES"} mode`, () => {
    it("decide over reading: by key, free or never, in the file's mode or plain", () => {
      let cases = 0;
      for (const read of CONDITIONS) {
        for (const readWrite of CONDITIONS) {
          for (const key of keys) {
            for (const own of modes) {
              const { chip, reader } = chipInField({ lrp });
              chip.file(3).access = { read, write: 1, readWrite, change: 1 };
              chip.file(3).commMode = own;
              chip.file(3).content.set([1, 2, 3, 4]);
              if (key !== undefined) assert.equal(reader.authenticate(key), "9100");
              const expected = rule(read, readWrite, key, own);
              const mode = MODES.find((one) => one === expected) ?? "plain";
              const answer = reader.send(0xad, "03000000040000", "", mode);
              const wanted =
                mode === expected ? { sw: "9100", data: "01020304" } : { sw: expected, data: "" };
              assert.deepEqual(answer, wanted, `${read} ${readWrite} ${key} ${own}`);
              cases++;
            }
          }
        }
      }
      assert.equal(cases, lrp ? 16 : 144);
    });

    it("decide over writing in the same way", () => {
      for (const write of CONDITIONS) {
        for (const readWrite of CONDITIONS) {
          for (const key of keys) {
            for (const own of modes) {
              const { chip, reader } = chipInField({ lrp });
              chip.file(3).access = { read: 1, write, readWrite, change: 1 };
              chip.file(3).commMode = own;
              if (key !== undefined) reader.authenticate(key);
              const expected = rule(write, readWrite, key, own);
              const mode = MODES.find((one) => one === expected) ?? "plain";
              const answer = reader.send(0x8d, "03020000020000", "beef", mode);
              assert.equal(answer.sw, mode === expected ? "9100" : expected);
              const content = toHex(chip.file(3).content.slice(0, 5));
              assert.equal(content, mode === expected ? "0000beef00" : "0000000000");
            }
          }
        }
      }
    });

    it("take a command in no other mode than the one that applies", () => {
      for (const own of MODES) {
        for (const tried of MODES.filter((mode) => mode !== own)) {
          const { chip, reader } = chipInField({ lrp });
          chip.file(3).access = { read: 0, write: 0, readWrite: 0, change: 0 };
          chip.file(3).commMode = own;
          reader.authenticate(0);
          const bytes = "00112233445566778899aabbccddeeff";
          const { sw } = reader.send(0x8d, "03000000100000", bytes, tried);
          assert.ok(["917e", "911e"].includes(sw), `${tried} for ${own}: ${sw}`);
          assert.equal(toHex(chip.file(3).content.slice(0, 16)), "0".repeat(32));
          assert.equal(reader.send(0x51, "", "", "full").sw, "91ae", "the session is gone");
        }
      }
    });

    it("give plain data for merely free access in a session, and count the command", () => {
      const { chip, reader } = chipInField({ lrp });
      chip.file(3).access = { read: FREE, write: NEVER, readWrite: NEVER, change: 0 };
      reader.authenticate(2);
      assert.equal(reader.send(0xad, "03000000010000").sw, "9100");
      assert.equal(reader.send(0xad, "03000000010000").sw, "9100");
      assert.equal(reader.commandCounter, 2);
      assert.equal(reader.send(0x51, "", "", "full").data, "04958caa5c5e80");
    });

    it("lose the session with a command whose counter is off by one", () => {
      for (const drift of [-1, 1]) {
        const { reader } = chipInField({ lrp });
        reader.authenticate(0);
        reader.send(0x64, "01", "", "mac");
        reader.commandCounter += drift;
        assert.equal(reader.send(0x64, "01", "", "mac").sw, "911e");
        assert.equal(reader.send(0xc4, "01", "", "plain").sw, "91ae");
      }
    });
  });
}

describe("WriteData without data", () => {
  it("is refused, as is a length that its data does not have", () => {
    for (const [header, data, sw] of [
      ["02000000000000", "", "919e"],
      ["02000000020000", "01", "917e"],
      ["02000000010000", "0102", "917e"],
      ["02ff0000020000", "0102", "91be"],
      ["02000000", "", "917e"],
    ] as const) {
      const { reader } = chipInField();
      assert.equal(reader.send(0x8d, header, data).sw, sw);
    }
  });
});

describe("a session whose command counter is used up", () => {
  it("takes one more command for a wrong MAC, whatever its mode", () => {
    for (const [apdu, mode] of [
      ["90ad0000070100000001000000", "plain"],
      ["90640000010000", "mac"],
    ] as const) {
      const { memory } = chipInField();
      const channel = new AesChannel(memory.aes, ZERO_KEY, ZERO_KEY);
      const authentication = { keyNumber: 0, ti: new Uint8Array(4), commandCounter: 0, channel };
      const session = { ...freshSession(), level: "application" as const, authentication };
      const chip = { memory, session, spentUs: 0, chainedBytes: 0 };
      const command = (): number => nativeCommand(chip, decodeApdu(fromHex(apdu))!).sw;
      if (mode === "plain") {
        authentication.commandCounter = 0xfffe;
        assert.equal(command(), 0x9100);
        assert.equal(authentication.commandCounter, 0xffff);
      }
      authentication.commandCounter = 0xffff;
      assert.equal(command(), 0x911e);
      assert.equal(chip.session.authentication, undefined);
    }
  });
});

describe("ChangeFileSettings and SDM access", () => {
  it("needs the key of the Change right in full mode, or is free in plain", () => {
    const wanted = settings("mac", { read: 1, write: 1, readWrite: 1, change: FREE });
    for (const [change, key, sw] of [
      [0, 0, "9100"],
      [0, 1, "91ae"],
      [0, undefined, "91ae"],
      [NEVER, 0, "919d"],
      [FREE, undefined, "9100"],
      [FREE, 2, "9100"],
    ] as const) {
      const { chip, reader } = chipInField();
      chip.file(3).access = { ...chip.file(3).access, change };
      if (key !== undefined) reader.authenticate(key);
      const answer = reader.send(0x5f, "03", wanted, key === change ? "full" : "plain");
      assert.equal(answer.sw, sw, `${change} ${key}`);
      const settled = reader.send(
        0xf5,
        "03",
        "",
        key !== undefined && sw === "9100" ? "mac" : "plain",
      );
      assert.equal(
        settled.data.slice(0, 8),
        sw === "9100" ? "00011e11" : `00033${change.toString(16)}23`,
      );
    }
  });

  it("does not grant a read in a session through SDM", () => {
    const { chip, reader } = chipInField();
    chip.file(2).access = { read: 4, write: 4, readWrite: NEVER, change: 0 };
    chip.enableSdm({
      ...{ uid: true, readCounter: true, metaRead: 1, fileRead: 2, counterRead: 3 },
      ...{ piccDataOffset: 0, macInputOffset: 40, macOffset: 40 },
    });
    assert.equal(reader.send(0xad, "02000000100000").sw, "9100");
    assert.equal(chip.file(2).readCounter, 1);
    reader.authenticate(2);
    assert.equal(reader.send(0xad, "02000000100000").sw, "91ae");
    reader.authenticate(4);
    const static_ = reader.send(0xad, "02000000100000", "", "plain");
    assert.deepEqual(static_, { sw: "9100", data: "0".repeat(32) });
    assert.equal(chip.file(2).readCounter, 1, "no mirroring, no counting");
    chip.file(2).access = { read: NEVER, write: NEVER, readWrite: NEVER, change: 0 };
    assert.equal(reader.send(0xad, "02000000100000").sw, "91ae", "SDMFileRead is not never");
    chip.file(2).sdm = undefined;
    assert.equal(reader.say("90ad0000070200000010000000"), "919d");
  });

  it("refuses to let the counter run over, in the words of each read command", () => {
    const { chip, reader } = chipInField();
    chip.enableSdm({
      ...{ uid: true, readCounter: true, metaRead: FREE, fileRead: NEVER, counterRead: NEVER },
      ...{ uidOffset: 0, readCounterOffset: 20 },
    });
    chip.file(2).readCounter = 0xfffffe;
    assert.equal(reader.say("90ad0000070214000006000000"), "4646464646469100");
    reader.say("00a4000c02e104");
    assert.equal(reader.say("90ad0000070214000006000000"), "911e");
    assert.equal(reader.say("00b0000000"), "6982");
    assert.equal(chip.file(2).readCounter, 0xffffff);
  });

  it("gives the counter in full mode to its key, and to everybody where it is free", () => {
    const { chip, reader } = chipInField();
    chip.enableSdm({
      ...{ uid: true, readCounter: true, metaRead: FREE, fileRead: NEVER, counterRead: 3 },
      ...{ uidOffset: 0, readCounterOffset: 20 },
    });
    chip.file(2).readCounter = 0x010203;
    assert.equal(reader.send(0xf6, "02").sw, "91ae");
    reader.authenticate(3);
    assert.equal(reader.send(0xf6, "02", "", "full").data, "0302010000");
    reader.authenticate(1);
    assert.equal(reader.send(0xf6, "02", "", "full").sw, "91ae");
    chip.file(2).sdm = { ...chip.file(2).sdm!, counterRead: FREE };
    assert.equal(reader.say("90f60000010200"), "03020100009100");
    const { reader: fresh, chip: open } = chipInField();
    open.file(2).sdm = chip.file(2).sdm;
    assert.equal(fresh.send(0xf6, "02").data, "0000000000");
    fresh.authenticate(4);
    assert.equal(fresh.send(0xf6, "02", "", "full").data, "0000000000");
    chip.file(2).sdm = { ...chip.file(2).sdm!, counterRead: NEVER };
    assert.equal(fresh.send(0xf6, "01", "", "full").sw, "919d");
  });
});
