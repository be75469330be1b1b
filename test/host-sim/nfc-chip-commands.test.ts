import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { chipInField, ZERO_KEY } from "./chip-reader.ts";

const SIGNATURE = Uint8Array.from({ length: 56 }, (_, i) => i);
/** CRC-32/JAMCRC of sixteen bytes of 11, LSB first, from another implementation. */
const ONES = "11".repeat(16);

function crcOf(hex: string): string {
  let crc = 0xffffffff;
  for (const byte of hex.match(/../g)!) {
    crc ^= Number.parseInt(byte, 16);
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc % 2 !== 0 ? 0xedb88320 : 0);
    crc >>>= 0;
  }
  return [0, 8, 16, 24].map((s) => ((crc >>> s) & 255).toString(16).padStart(2, "0")).join("");
}

for (const lrp of [false, true]) {
  describe(`commands of a chip in ${lrp ? "LRP" : "AES"} mode`, () => {
    it("answer under MAC: version over three frames, settings, key versions", () => {
      const { reader } = chipInField({ lrp });
      reader.authenticate(1);
      const first = reader.say(reader.wrap(0x60, "", "", "mac"));
      const second = reader.say("90af000000");
      const third = reader.say("90af000000");
      reader.commandCounter++;
      assert.deepEqual([first.slice(-4), second.slice(-4)], ["91af", "91af"]);
      const whole = first.slice(0, -4) + second.slice(0, -4) + third.slice(0, 28);
      const covered = `000100${toHex(reader.ti)}${whole}`;
      const bytes = Uint8Array.from(covered.match(/../g)!, (byte) => Number.parseInt(byte, 16));
      assert.equal(third.slice(28), `${reader.mac(bytes)}9100`);
      assert.equal(reader.send(0xf5, "03", "", "mac").data, "00033023800000");
      assert.equal(reader.send(0x64, "04", "", "mac").data, "00");
      assert.equal(reader.commandCounter, 3);
    });

    it("give UID and signature in full, the signature with 9190", () => {
      const { reader } = chipInField({ lrp, signature: SIGNATURE });
      reader.authenticate(4);
      assert.equal(reader.send(0x51, "", "", "full").data, "04958caa5c5e80");
      assert.deepEqual(reader.send(0x3c, "00", "", "full"), { sw: "9190", data: toHex(SIGNATURE) });
    });

    it("change another key by its difference, version and CRC", () => {
      const { memory, reader } = chipInField({ lrp });
      reader.authenticate(0);
      const change = `${ONES}07${crcOf(ONES)}`;
      assert.deepEqual(reader.send(0xc4, "03", change, "full"), { sw: "9100", data: "" });
      assert.equal(toHex(memory.keys[3]!.value), ONES);
      assert.equal(reader.send(0x64, "03", "", "mac").data, "07");
      const next = "22".repeat(16);
      const difference = "33".repeat(16);
      reader.send(0xc4, "03", `${difference}08${crcOf(next)}`, "full");
      assert.equal(toHex(memory.keys[3]!.value), next);
      assert.equal(reader.authenticate(3, memory.keys[3]!.value, false), "9100");
      assert.equal(reader.send(0x51, "", "", "full").sw, "9100");
    });

    it("change the key of the session without a MAC, and end the session", () => {
      const { memory, reader } = chipInField({ lrp });
      reader.authenticate(0);
      assert.deepEqual(reader.send(0xc4, "00", `${ONES}01`, "full"), { sw: "9100", data: "bare" });
      assert.equal(toHex(memory.keys[0]!.value), ONES);
      assert.equal(reader.authenticate(0, ZERO_KEY, false), "919d", "NonFirst has no session");
      assert.equal(reader.authenticate(0, ZERO_KEY), "91ae");
      assert.equal(reader.authenticate(0, memory.keys[0]!.value), "9100");
    });

    it("name every misuse of ChangeKey, and change nothing", () => {
      for (const [key, header, data, sw] of [
        [0, "05", `${ONES}01${crcOf(ONES)}`, "9140"],
        [0, "43", `${ONES}01${crcOf(ONES)}`, "919e"],
        [0, "03", `${ONES}01`, "917e"],
        [0, "00", `${ONES}01${crcOf(ONES)}`, "917e"],
        [0, "03", `${ONES}01${crcOf(`${ONES}00`)}`, "911e"],
        [3, "03", `${ONES}01${crcOf(ONES)}`, "91ae"],
        [undefined, "03", `${ONES}01${crcOf(ONES)}`, "91ae"],
      ] as const) {
        const { memory, reader } = chipInField({ lrp });
        if (key !== undefined) reader.authenticate(key);
        assert.equal(reader.send(0xc4, header, data, key === 0 ? "full" : "plain").sw, sw);
        assert.ok(memory.keys.every(({ value }) => value.every((byte) => byte === 0)));
        assert.equal(reader.say("9051000000"), "91ae", "an error ends the session");
      }
    });

    it("refuse data that is not padded in its last block, or not in whole blocks", () => {
      const padded = (...lines: readonly string[]): Uint8Array => fromHex(lines.join(""));
      const zeros = "00".repeat(16);
      for (const bad of [
        padded(zeros),
        padded(`80${"00".repeat(15)}`, zeros),
        padded("81".repeat(16)),
      ]) {
        const { reader } = chipInField({ lrp });
        reader.authenticate(0);
        assert.equal(reader.say(reader.wrapPadded(0x5c, "00", bad)), "911e");
      }
      const { memory, reader } = chipInField({ lrp });
      reader.authenticate(0);
      assert.equal(reader.say(reader.wrap(0x5c, "00", "02", "mac")), "917e");
      assert.equal(memory.randomId, false);
    });

    it("refuse an answer that would not fit with its protection", () => {
      const { chip, reader } = chipInField({ lrp });
      chip.file(2).access = { read: 0, write: 0, readWrite: 0, change: 0 };
      for (const [mode, most] of [
        ["mac", 248],
        ["full", 239],
      ] as const) {
        chip.file(2).commMode = mode;
        const read = (length: number) => {
          reader.authenticate(0);
          return reader.send(0xad, `02000000${length.toString(16)}0000`, "", mode);
        };
        assert.equal(read(most).data.length, 2 * most);
        assert.equal(read(most + 1).sw, "917e");
        reader.authenticate(0);
        assert.equal(reader.send(0xad, "02000000000000", "", mode).sw, "917e");
      }
    });
  });
}

describe("SetConfiguration", () => {
  it("needs the master key, in full mode, for an option of the right length", () => {
    for (const [key, option, data, sw] of [
      [1, "00", "02", "91ae"],
      [undefined, "00", "02", "91ae"],
      [0, "00", "0200", "917e"],
      [0, "00", "03", "919e"],
      [0, "01", "00", "919e"],
      [0, "04", "04", "917e"],
      [0, "04", "0004", "919e"],
      [0, "05", "02", "917e"],
      [0, "05", "01000000020000000000", "919e"],
      [0, "05", "00000000040000000000", "919e"],
      [0, "0a", "0100000a00", "919e"],
      [0, "0a", "02e8030a00", "919e"],
      [0, "0b", "02", "919e"],
      [0, "0b", "0101", "917e"],
    ] as const) {
      const { memory, reader } = chipInField();
      const before = JSON.stringify([memory.configuration, memory.randomId]);
      if (key !== undefined) reader.authenticate(key);
      const answer = reader.send(0x5c, option, data, key === 0 ? "full" : "plain");
      assert.equal(answer.sw, sw, `${option} ${data}`);
      assert.equal(JSON.stringify([memory.configuration, memory.randomId]), before);
    }
  });

  it("turns Random ID on for ever: at the next activation, in GetVersion, for Read_Sig", () => {
    const { chip, memory, reader } = chipInField({ signature: SIGNATURE });
    reader.authenticate(0);
    assert.equal(reader.send(0x5c, "00", "02", "full").data, "");
    assert.equal(chip.uid.length, 7, "not before the next power-up");
    assert.equal(reader.send(0x5c, "00", "00", "full").sw, "9100");
    assert.equal(memory.randomId, true);
    chip.fieldOff();
    chip.fieldOn();
    assert.match(toHex(chip.uid), /^08[0-9a-f]{6}$/);
    reader.say("00a4040007d276000085010100");
    assert.equal(reader.say("903c0000010000"), "910b");
    reader.authenticate(2);
    assert.equal(reader.send(0x51, "", "", "full").data, "04958caa5c5e80");
    assert.equal(reader.send(0x3c, "00", "", "full").data, toHex(SIGNATURE));
  });

  it("switches to LRP for ever, without SDM and without a MAC in the answer", () => {
    const { chip, memory, reader } = chipInField();
    chip.enableSdm({
      ...{ uid: true, readCounter: true, metaRead: 1, fileRead: 15, counterRead: 15 },
      piccDataOffset: 0,
    });
    reader.authenticate(0);
    const lrpOn = "00000000020000000000";
    assert.deepEqual(reader.send(0x5c, "05", lrpOn, "full"), { sw: "9100", data: "bare" });
    assert.equal(chip.file(2).sdm, undefined);
    assert.equal(reader.say("9071000002000000"), "919d", "AES is refused");
    assert.equal(reader.authenticate(0), "9100");
    assert.equal(reader.send(0x5c, "05", "00000000000000001234", "full").data, "");
    assert.deepEqual([memory.configuration.lrp, memory.configuration.pdCap5], [true, 0x12]);
  });

  it("answers an LRP request in AES mode with AES", () => {
    const { reader } = chipInField();
    const answer = reader.say("9071000008000602000000000000");
    assert.equal(answer.length, 36);
    assert.equal(answer.slice(-4), "91af");
  });

  it("takes back modulation into GetVersion and the rest into its configuration", () => {
    const { memory, reader } = chipInField();
    reader.authenticate(0);
    for (const [option, data] of [
      ["04", "0400"],
      ["0a", "0164000500"],
      ["0b", "00"],
    ] as const) {
      assert.deepEqual(reader.send(0x5c, option, data, "full"), { sw: "9100", data: "" });
    }
    const { chainedWritesOff, failureLimit, failureDecrement } = memory.configuration;
    assert.deepEqual([chainedWritesOff, failureLimit, failureDecrement], [true, 100, 5]);
    assert.equal(reader.send(0x5c, "0a", "0000000000", "full").sw, "9100");
    assert.equal(memory.configuration.failureCounting, false);
    reader.say("00a4040007d276000085010100");
    assert.equal(reader.say("9060000000").slice(0, 6), "040488");
  });
});

describe("authentication, misused", () => {
  it("is refused with the data sheet's status words", () => {
    for (const [apdu, sw] of [
      ["9071000000", "917e"],
      ["90710000010000", "917e"],
      ["9071000002000100", "917e"],
      ["9071000002050000", "9140"],
      ["90710000023f0000", "9140"],
      ["9071000002400000", "919e"],
      ["90770000010000", "919d"],
      ["9077000002000000", "917e"],
      ["90af00002000", "917e"],
      ["90af000000", "911c"],
    ] as const) {
      const { reader } = chipInField();
      assert.equal(reader.say(apdu), sw, apdu);
    }
  });

  it("echoes the reader's capabilities, cut or filled up to six bytes", () => {
    for (const [sent, echoed] of [
      ["", "000000000000"],
      ["01", "010000000000"],
      ["010203040506", "010203040506"],
      ["01020304050607", "010203040506"],
    ] as const) {
      const { memory, reader } = chipInField();
      memory.configuration.pdCap5 = 0xaa;
      memory.configuration.pdCap6 = 0xbb;
      const length = sent.length / 2;
      const part1 = reader.say(`907100000${length + 2}000${length}${sent}00`);
      assert.equal(part1.slice(-4), "91af");
      const decrypt = (hex: string) =>
        nobleCrypto.aesCbcDecrypt(ZERO_KEY, new Uint8Array(16), fromHex(hex));
      const rndB = toHex(decrypt(part1.slice(0, 32)));
      const proof = fromHex("00".repeat(16) + rndB.slice(2) + rndB.slice(0, 2));
      const sealed = nobleCrypto.aesCbcEncrypt(ZERO_KEY, new Uint8Array(16), proof);
      const part2 = toHex(decrypt(reader.say(`90af000020${toHex(sealed)}00`).slice(0, 64)));
      assert.equal(part2.slice(40), `00000000aabb${echoed}`);
    }
  });

  it("is aborted by any other command, and by a second part of another length", () => {
    const { reader } = chipInField();
    reader.say("9071000002000000");
    assert.equal(reader.say("90640000010000"), "91ca");
    assert.equal(reader.say("90640000010000"), "009100");
    reader.say("9071000002000000");
    assert.equal(reader.say("00a4040007d276000085010100"), "6985");
    reader.say("9071000002000000");
    assert.equal(reader.say(`90af00001f${"00".repeat(31)}00`), "917e");
    assert.equal(reader.say(`90af000020${"00".repeat(32)}00`), "911c");
  });

  it("ends the session that was there, whatever becomes of it", () => {
    const { reader } = chipInField();
    reader.authenticate(0);
    assert.equal(reader.authenticate(1, new Uint8Array(16).fill(9)), "91ae");
    assert.equal(reader.send(0x51, "", "", "plain").sw, "91ae");
  });

  it("ends the session when a first part, or a version, is not gone through with", () => {
    for (const begun of ["9071000002000000", "90770000010000", "version"]) {
      for (const other of ["90640000010000", "00b0000000"]) {
        const { reader } = chipInField();
        reader.authenticate(0);
        reader.say(begun === "version" ? reader.wrap(0x60, "", "", "mac") : begun);
        assert.ok(["91ca", "6985"].includes(reader.say(other)));
        assert.equal(reader.say("9051000000"), "91ae");
      }
    }
  });

  it("ends the session with a native command that is none", () => {
    for (const bytes of ["90510000", "9051000000ff", "90640000030000", "9064010001000000", "90"]) {
      const { reader } = chipInField();
      reader.authenticate(0);
      assert.notEqual(reader.say(bytes).slice(-4), "9100");
      assert.equal(reader.say("9051000000"), "91ae");
    }
  });

  it("ends with the selection of an application, not with that of a file", () => {
    const { reader } = chipInField();
    reader.authenticate(0);
    assert.equal(reader.say("00a4000c02e104"), "9000");
    assert.equal(reader.send(0x51, "", "", "full").sw, "9100");
    assert.equal(reader.say("00b0000004"), "6982", "no plain reads in a session");
    reader.say("00a4040007d276000085010100");
    assert.equal(reader.send(0x51, "", "", "plain").sw, "91ae");
  });

  it("knows originality keys at the PICC level, in LRP mode, and opens nothing with them", () => {
    const { reader: other } = chipInField();
    other.say("00a4040007d276000085010000");
    assert.equal(other.authenticate(1), "919d", "not in AES mode");
    const originalityKeys = [1, 2, 3, 4].map((fill) => new Uint8Array(16).fill(fill));
    const { memory, reader } = chipInField({ lrp: true, originalityKeys });
    reader.say("00a4040007d276000085010000");
    assert.equal(reader.authenticate(0), "9140");
    assert.equal(reader.authenticate(2, originalityKeys[0]), "91ae");
    assert.equal(reader.authenticate(2, originalityKeys[1]), "9100");
    assert.equal(reader.send(0x51, "", "", "plain").sw, "91ae", "not authenticated");
    assert.equal(reader.authenticate(3, originalityKeys[2], false), "9100");
    assert.ok(memory.failures.every(({ total }) => total === 0));
    const { reader: unknown } = chipInField({ lrp: true });
    unknown.say("00a4040007d276000085010000");
    assert.equal(unknown.authenticate(1), "91ae");
    assert.equal(unknown.say("90640000010100"), "009100");
    assert.equal(unknown.say("90640000010000"), "9140", "there is no originality key 0");
  });
});
