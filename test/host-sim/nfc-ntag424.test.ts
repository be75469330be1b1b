import assert from "node:assert/strict";
import type { ShortFileIds } from "../../host-sim/nfc/ntag424-memory.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import {
  badge,
  factory,
  READ_ALL,
  READ_DATA,
  readFile,
  SELECT,
  SELECT_NDEF,
  say,
  UID,
  verified,
} from "./badge-chips.ts";

describe("NTAG 424 DNA model: selection", () => {
  it("is at the PICC level after power-up, where no file can be read", () => {
    const chip = factory();
    assert.equal(say(chip, READ_ALL), "6985");
    assert.equal(say(chip, "00b0840000"), "6a82");
    assert.equal(say(chip, SELECT_NDEF), "6a82");
    assert.equal(say(chip, READ_DATA), "919d");
    assert.equal(say(chip, "90f50000010200"), "919d");
  });

  it("takes the application by name and by identifier, and files by identifier", () => {
    const chip = factory();
    for (const apdu of [SELECT, "00a4040c07d2760000850101", "00a4000002e110", "00a4010c02e11000"])
      assert.equal(say(chip, apdu), "9000", apdu);
    for (const apdu of ["00a4000c02e10300", "00a4020c02e104", "00a4000002e105"])
      assert.equal(say(chip, apdu), "9000", apdu);
    for (const apdu of ["00a4040007d276000085010000", "00a40000023f00", "00a4000000", "00a40300"])
      assert.equal(say(chip, apdu), "9000", apdu);
  });

  it("keeps what was selected when a selection fails", () => {
    const chip = factory();
    say(chip, SELECT);
    say(chip, SELECT_NDEF);
    assert.equal(say(chip, "00a4000c02e199"), "6a82");
    assert.equal(say(chip, "00a4040007d276000085019900"), "6a82");
    assert.equal(say(chip, "00b0000002"), "00009000");
  });

  it("names every misuse of ISOSelectFile", () => {
    const chip = factory();
    const cases: [string, string][] = [
      ["00a4050002e104", "6a86"],
      ["00a4000102e104", "6a86"],
      ["00a4000003e10401", "6a87"],
      ["00a40400", "6a87"],
      ["00a4030002e110", "6a87"],
      ["00a4040011d276000085010100000000000000000000", "6700"],
      ["00a4040009d276000085010100", "6700"],
      ["00a404", "6700"],
      ["", "6700"],
      ["01a4040007d276000085010100", "6e00"],
      ["00ca000000", "6d00"],
    ];
    for (const [apdu, sw] of cases) assert.equal(say(chip, apdu), sw, apdu);
  });
});

describe("NTAG 424 DNA model: reading", () => {
  it("reads by short identifier as the chip is made, and selects the file by it", () => {
    const cases: [ShortFileIds, string, string][] = [
      ["file-id", "00b0840002", "00b0820002"],
      ["file-number", "00b0820002", "00b0840002"],
      ["none", "00b0000002", "00b0840002"],
    ];
    for (const [shortIds, good, bad] of cases) {
      const { chip } = badge({ shortIds });
      say(chip, SELECT);
      assert.equal(say(chip, bad), "6a82", shortIds);
      if (shortIds === "none") say(chip, SELECT_NDEF);
      assert.equal(say(chip, good), "00eb9000", shortIds);
      assert.equal(say(chip, "00b0000002"), "00eb9000", shortIds);
    }
  });

  it("gives the rest of the file for Le 00 and for an Le beyond its end", () => {
    const chip = factory();
    say(chip, SELECT);
    say(chip, "00a4000c02e103");
    assert.equal(chip.apdu(fromHex("00b0000000")).response.length, 34);
    assert.equal(chip.apdu(fromHex("00b00000ff")).response.length, 34);
    assert.equal(chip.apdu(fromHex("00b0001e10")).response.length, 4);
    say(chip, SELECT_NDEF);
    assert.equal(chip.apdu(fromHex("00b0000000")).response.length, 258);
  });

  it("names every misuse of ISOReadBinary", () => {
    const chip = factory();
    assert.equal(say(chip, SELECT), "9000");
    const cases: [string, string][] = [
      ["00b0000010", "6985"],
      ["00b0000000", "6985"],
      ["00b08500", "6700"],
      ["00b084000100", "6700"],
      ["00b0850000", "6982"],
      ["00b0a40000", "6a86"],
      ["00b09f0000", "6a86"],
      ["00b08a0000", "6a82"],
      ["00b0832010", "6a86"],
      ["00b07fff10", "6a86"],
    ];
    for (const [apdu, sw] of cases) assert.equal(say(chip, apdu), sw, apdu);
  });

  it("reads by ReadData with offset and length least significant byte first", () => {
    const chip = factory();
    say(chip, SELECT);
    assert.equal(say(chip, "90ad0000070100000002000000"), "00179100");
    assert.equal(say(chip, "90ad0000070107000006000000"), "0406e10401009100");
    assert.equal(chip.apdu(fromHex(READ_DATA)).response.length, 258);
  });

  it("names every misuse of ReadData", () => {
    const chip = factory();
    say(chip, SELECT);
    const cases: [string, string][] = [
      ["90ad00000602000000000000", "917e"],
      ["90ad00000702000000000000", "917e"],
      ["90ad0000070200000000000001", "917e"],
      ["90ad0100070200000000000000", "919e"],
      ["90ad0000070900000000000000", "91f0"],
      ["90ad0000072200000000000000", "919e"],
      ["90ad0000070200010000000000", "919e"],
      ["90ad0000070200000001010000", "919e"],
      ["90ad0000070300000000000000", "91ae"],
      ["90ff000000", "911c"],
      ["90af000000", "911c"],
      ["9051000000", "91ae"],
    ];
    for (const [apdu, sw] of cases) assert.equal(say(chip, apdu), sw, apdu);
  });
});

describe("NTAG 424 DNA model: GetVersion", () => {
  it("takes three frames, the last with UID and production data", () => {
    const chip = factory();
    assert.equal(say(chip, "9060000000"), "0404083000110591af");
    assert.equal(say(chip, "90af000000"), "0404020102110591af");
    assert.equal(say(chip, "90af000000"), `${toHex(UID)}cf5d90451046219100`);
    assert.equal(say(chip, "90af000000"), "911c");
  });

  it("is aborted by any other command, which is refused once", () => {
    const chip = factory();
    say(chip, "9060000000");
    assert.equal(say(chip, "9060000000"), "91ca");
    assert.equal(say(chip, "9060000000"), "0404083000110591af");
    assert.equal(say(chip, SELECT), "6985");
    assert.equal(say(chip, SELECT), "9000");
    say(chip, "9060000000");
    assert.equal(say(chip, "90af0000010000"), "917e");
    assert.equal(say(chip, "90af000000"), "911c");
  });

  it("is forgotten with the field", () => {
    const chip = factory();
    say(chip, "9060000000");
    chip.fieldOff();
    chip.fieldOn();
    assert.equal(say(chip, "90af000000"), "911c");
  });
});

describe("NTAG 424 DNA model: settings and access", () => {
  it("describes the files as they leave the factory", () => {
    const chip = factory();
    say(chip, SELECT);
    assert.equal(say(chip, "90f50000010100"), "000000e02000009100");
    assert.equal(say(chip, "90f50000010200"), "0000e0ee0001009100");
    assert.equal(say(chip, "90f50000010300"), "000330238000009100");
    assert.equal(say(chip, "90f50000010400"), "91f0");
    assert.equal(say(chip, "90f50000018200"), "919e");
    assert.equal(say(chip, "90f5000002020100"), "917e");
  });

  it("describes SDM as AN12196 Table 8 prints it", () => {
    const chip = factory();
    say(chip, SELECT);
    const file = chip.file(2);
    file.access = { read: 0xe, write: 0xe, readWrite: 0xe, change: 0xe };
    chip.enableSdm({
      uid: true,
      readCounter: true,
      metaRead: 0,
      fileRead: 0,
      counterRead: 0xe,
      piccDataOffset: 0x1f,
      macInputOffset: 0x44,
      encOffset: 0x44,
      encLength: 0x20,
      macOffset: 0x6a,
    });
    assert.equal(
      say(chip, "90f50000010200"),
      "0040eeee000100d1fe001f00004400004400002000006a00009100",
    );
  });

  it("lets anybody write a factory file and nobody a finished badge", () => {
    const chip = factory();
    say(chip, SELECT);
    say(chip, SELECT_NDEF);
    assert.equal(say(chip, "00d6000003000102"), "9000");
    assert.equal(say(chip, "00b0000004"), "000102009000");
    assert.equal(say(chip, "908d00000902fe0000020000aabb00"), "9100");
    assert.equal(say(chip, "908d00000902ff0000020000aabb00"), "91be");
    assert.equal(say(chip, "908d00000902000000030000aabb00"), "917e");
    assert.equal(say(chip, "00d600ff020102"), "6985");
    const finished = badge().chip;
    say(finished, SELECT);
    say(finished, SELECT_NDEF);
    assert.equal(say(finished, "00d6000003000102"), "6982");
    assert.equal(say(finished, "908d00000902000000020000000000"), "91ae");
    assert.equal(say(finished, "00b0000002"), "00eb9000");
  });

  it("keeps a counter to itself unless its access right is free", () => {
    const { chip } = badge();
    say(chip, SELECT);
    assert.equal(say(chip, "90f60000010200"), "919d");
    const sdm = chip.file(2).sdm!;
    chip.file(2).sdm = { ...sdm, counterRead: 3 };
    assert.equal(say(chip, "90f60000010200"), "91ae");
    chip.file(2).sdm = { ...sdm, counterRead: 0xe };
    chip.file(2).readCounter = 0x010203;
    assert.equal(say(chip, "90f60000010200"), "03020100009100");
    assert.equal(say(chip, "90f60000010100"), "919d");
  });

  it("shows a new random UID at every power-up and hides the real one", () => {
    const { chip } = badge();
    chip.memory.randomId = true;
    chip.fieldOn();
    const first = toHex(chip.uid);
    chip.fieldOn();
    assert.match(first, /^08[0-9a-f]{6}$/);
    assert.notEqual(toHex(chip.uid), first);
    assert.equal(chip.atqa, 0x0304);
    say(chip, "9060000000");
    say(chip, "90af000000");
    assert.match(say(chip, "90af000000"), /^00000000000000/);
    assert.equal(verified(readFile(chip)).uid, toHex(UID));
  });
});
