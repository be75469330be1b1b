import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "../../protocol/encoding/hex.ts";
import { chipInField } from "./chip-reader.ts";

/** Numbers as ChangeFileSettings has them: three bytes, LSB first. */
const three = (...values: readonly number[]): string =>
  values
    .map((value) => toHex(Uint8Array.of(value & 255, (value >> 8) & 255, value >> 16)))
    .join("");

/** FileOption, access rights, SDMOptions, SDM access rights; then offsets. */
const good = `4000e0c1f121${three(32, 67, 67)}`;

/** Data of ChangeFileSettings for the NDEF file, what is wrong with it, and the answer. */
const CASES: readonly (readonly [string, string, string])[] = [
  [good, "nothing: AN12196 Table 19", "9100"],
  ["0000e0", "nothing: SDM off", "9100"],
  ["0200e0", "nothing: both codes of plain", "9100"],
  [`4000e0c1fef2${three(0)}`, "fileRead F but an offset of the MAC is there", "917e"],
  [`4000e0c1feef${three(0, 20)}`, "nothing: plain mirror, no MAC", "9100"],
  [`4000e0c1feef${three(0, 0xffffff)}`, "nothing: the counter counts unseen", "9100"],
  [`4000e0e1f121${three(32, 67, 67, 9)}`, "nothing: a limit", "9100"],
  [`4000e0d1f121${three(32, 67, 67, 32, 99)}`, "nothing: encrypted file data", "9100"],
  ["", "empty", "917e"],
  ["0000", "no access rights", "917e"],
  ["0000e000", "too long", "917e"],
  ["8000e0", "RFU bit 7 of FileOption", "919e"],
  ["0400e0", "RFU bit 2 of FileOption", "919e"],
  ["0050e0", "a key 5 in ReadWrite", "919e"],
  ["0000d0", "access condition D", "919e"],
  ["4000e0", "SDM announced, nothing follows", "917e"],
  [good.slice(0, -2), "an offset cut short", "917e"],
  [`${good}000000`, "an offset too many", "917e"],
  [good.replace("c1", "c3"), "RFU bit 1 of SDMOptions", "919e"],
  [good.replace("c1", "c0"), "not ASCII", "919e"],
  [good.replace("f121", "0121"), "RFU nibble of the SDM rights", "919e"],
  [`4000e0c1f151${three(32, 67, 67)}`, "SDMMetaRead 5", "917e"],
  [`4000e0c1f12e${three(32, 67, 67)}`, "SDMFileRead E", "919e"],
  [`4000e0c1f721${three(32, 67, 67)}`, "SDMCtrRet 7", "919e"],
  [`4000e001ff21${three(32, 67, 67)}`, "SDMMetaRead of nothing", "919e"],
  [`4000e0c1fff1${three(67, 67)}`, "UID mirrored but SDMMetaRead F", "919e"],
  [`4000e081fe21${three(32, 67, 67)}`, "SDMCtrRet without a counter", "919e"],
  [`4000e0a1ff21${three(32, 67, 67, 9)}`, "a limit without a counter", "919e"],
  [`4000e0e1f121${three(32, 67, 67, 7)}`, "a limit not above the counter", "919e"],
  [`4000e0d1ff2f${three(32)}`, "encryption without SDMFileRead", "919e"],
  [`4000e051ff21${three(32, 67, 67, 32, 99)}`, "encryption without the UID", "919e"],
  [`4000e091ff21${three(32, 67, 67, 32, 99)}`, "encryption without the counter", "919e"],
  [`4000e0d1f121${three(32, 67, 67, 16, 99)}`, "SDMENCLength 16", "919e"],
  [`4000e0d1f121${three(32, 68, 67, 32, 99)}`, "encryption before the MAC input", "919e"],
  [`4000e0d1f121${three(32, 67, 67, 64, 99)}`, "encryption into the MAC", "919e"],
  [`4000e0d1f121${three(60, 67, 67, 32, 99)}`, "encryption over PICCData", "919e"],
  [`4000e0c1f121${three(32, 67, 50)}`, "the MAC over PICCData", "919e"],
  [`4000e0c1f121${three(32, 68, 67)}`, "the MAC input behind the MAC", "919e"],
  [`4000e0c1f121${three(32, 67, 241)}`, "the MAC over the end", "919e"],
  [`4000e0c1f121${three(225, 0, 0)}`, "PICCData over the end", "919e"],
  [`4000e0c1feef${three(0, 13)}`, "the counter over the UID", "919e"],
  [`4000e0c1fee1${three(60, 0, 70, 70)}`, "the MAC over the UID", "919e"],
  [`4000e0c1fee1${three(0, 66, 70, 70)}`, "the MAC over the counter", "919e"],
];

describe("ChangeFileSettings of the NDEF file", () => {
  for (const [data, what, sw] of CASES) {
    it(`answers ${sw}: ${what}`, () => {
      const { chip, reader } = chipInField();
      chip.file(2).readCounter = 7;
      reader.authenticate(0);
      const before = JSON.stringify(chip.file(2));
      assert.equal(reader.send(0x5f, "02", data, "full").sw, sw);
      if (sw !== "9100") assert.equal(JSON.stringify(chip.file(2)), before);
    });
  }

  it("can be read back with GetFileSettings as it was written", () => {
    for (const [data] of CASES.filter(([data, , sw]) => sw === "9100" && data[0] === "4")) {
      const { reader } = chipInField();
      reader.authenticate(0);
      reader.send(0x5f, "02", data, "full");
      const shown = reader.send(0xf5, "02", "", "mac").data;
      assert.equal(shown, `00${data.slice(0, 6)}000100${data.slice(6)}`);
    }
  });

  it("resets the counter with SDM, and leaves it alone without", () => {
    const { chip, reader } = chipInField();
    reader.authenticate(0);
    chip.file(2).readCounter = 7;
    reader.send(0x5f, "02", "0000e0", "full");
    assert.equal(chip.file(2).readCounter, 7);
    reader.send(0x5f, "02", good, "full");
    assert.equal(chip.file(2).readCounter, 0);
  });

  it("knows SDM for file 2 only, and names files that are not there", () => {
    for (const [file, sw] of [
      ["01", "919d"],
      ["03", "919d"],
      ["04", "91f0"],
      ["22", "919e"],
    ] as const) {
      const { reader } = chipInField();
      reader.authenticate(0);
      assert.equal(reader.send(0x5f, file, good, "full").sw, sw);
    }
  });

  it("needs more room for PICCData in LRP mode", () => {
    const { reader } = chipInField({ lrp: true });
    reader.authenticate(0);
    assert.equal(reader.send(0x5f, "02", good, "full").sw, "919e");
    reader.authenticate(0);
    assert.equal(reader.send(0x5f, "02", `4000e0c1f121${three(16, 67, 67)}`, "full").sw, "9100");
  });

  it("takes or refuses any data, and keeps what it took readable", () => {
    const field = fc.integer({ min: 0, max: 260 });
    fc.assert(
      fc.property(
        fc.constantFrom(0xc1, 0xe1, 0xd1, 0x81, 0x41, 0xf1),
        fc.constantFrom("f121", "feef", "fee2", "ff1f", "f11f", "fff2"),
        fc.array(field, { minLength: 1, maxLength: 7 }),
        fc.boolean(),
        (options, rights, offsets, lrp) => {
          const { reader } = chipInField({ lrp });
          reader.authenticate(0);
          const data = `4000e0${options.toString(16)}${rights}${three(...offsets)}`;
          const { sw } = reader.send(0x5f, "02", data, "full");
          if (sw !== "9100") return;
          reader.say("00a4040007d276000085010100");
          const read = reader.say("90ad0000070200000000010000");
          assert.equal(read.slice(-4), "9100");
          assert.equal(read.length, 516);
        },
      ),
      { numRuns: 40 },
    );
  });
});
