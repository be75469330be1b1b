import assert from "node:assert/strict";
import fc from "fast-check";
import { createBadgeChip } from "../../host-sim/nfc/badge-chip.ts";
import { cloneOf, cloneWithUid, replayerOf } from "../../host-sim/nfc/clone.ts";
import { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { checkSdm, type SdmSettings } from "../../host-sim/nfc/ntag424-file.ts";
import { factoryMemory, type ShortFileIds } from "../../host-sim/nfc/ntag424-memory.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { buildBadgeFile, parseBadgeFile } from "../../protocol/badge/link.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { verifySdm } from "../../protocol/nfc/sdm.ts";

const UID = fromHex("04958caa5c5e80");
const SELECT = "00a4040007d276000085010100";
const SELECT_NDEF = "00a4000c02e104";
const READ_ALL = "00b0000000";
const READ_DATA = "90ad0000070200000000000000";

function identity(seed = "chip"): { uid: Uint8Array; crypto: typeof nobleCrypto; random: Prng } {
  return { uid: UID, crypto: nobleCrypto, random: new Prng(seed, "chip") };
}

function factory(): Ntag424 {
  const chip = new Ntag424(factoryMemory(identity()));
  chip.fieldOn();
  return chip;
}

const say = (chip: Ntag424, apdu: string): string => toHex(chip.apdu(fromHex(apdu)).response);
const keyOf = (fill: number): Uint8Array => new Uint8Array(16).fill(fill);

/** A badge as an encoder makes it, with the badge link of the protocol room. */
function badge(options: { counter?: number; shortIds?: ShortFileIds } = {}) {
  const payload = Uint8Array.from({ length: 114 }, (_, i) => i);
  const { file, piccOffset, macInputOffset, macOffset } = buildBadgeFile({
    host: "door.example",
    payload,
  });
  const chip = createBadgeChip({
    ...identity(),
    keys: [keyOf(0x10), keyOf(0x11), keyOf(0x12)],
    ndefFile: file,
    sdm: { metaReadKey: 1, fileReadKey: 2, piccDataOffset: piccOffset, macInputOffset, macOffset },
    ...options,
  });
  chip.fieldOn();
  return { chip, file, payload, macOffset };
}

/** What the server makes of a read of the file. */
function verified(file: Uint8Array): { uid: string; counter: number } {
  const { picc, cmac } = parseBadgeFile(file);
  const keys = { metaReadKey: keyOf(0x11), fileReadKey: () => keyOf(0x12) };
  const read = verifySdm(nobleCrypto, keys, { picc, cmac });
  return { uid: toHex(read.uid), counter: read.readCounter };
}

function readFile(chip: Ntag424, apdus = [SELECT, SELECT_NDEF, READ_ALL]): Uint8Array {
  let response = new Uint8Array(0);
  for (const apdu of apdus) response = new Uint8Array(chip.apdu(fromHex(apdu)).response);
  assert.ok(["9000", "9100"].includes(toHex(response.slice(-2))), toHex(response.slice(-2)));
  const whole = response.slice(0, -2);
  return whole.slice(0, 2 + ((whole[0]! << 8) | whole[1]!));
}

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
      assert.equal(say(chip, good), "00e49000", shortIds);
      assert.equal(say(chip, "00b0000002"), "00e49000", shortIds);
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
    assert.equal(say(finished, "00b0000002"), "00e49000");
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

describe("NTAG 424 DNA model: secure dynamic messaging", () => {
  it("gives a message that the server's verification accepts, payload untouched", () => {
    const { chip, payload } = badge();
    const file = readFile(chip);
    assert.deepEqual(verified(file), { uid: toHex(UID), counter: 1 });
    assert.deepEqual(parseBadgeFile(file).payload, payload);
  });

  it("gives the same by ReadData in two APDUs", () => {
    const { chip } = badge();
    assert.deepEqual(verified(readFile(chip, [SELECT, READ_DATA])), {
      uid: toHex(UID),
      counter: 1,
    });
  });

  it("keeps counter and padding while one file is read on by one command", () => {
    const { chip } = badge();
    const first = toHex(readFile(chip));
    assert.equal(toHex(readFile(chip, [READ_ALL])), first);
    const halves = ["00b0000080", "00b00080ff"].map((apdu) => say(chip, apdu).slice(0, -4));
    assert.ok(halves.join("").startsWith(first));
    assert.equal(chip.file(2).readCounter, 1);
  });

  it("counts on when another command came between, or the other read command", () => {
    const { chip } = badge();
    readFile(chip);
    assert.equal(verified(readFile(chip, ["90f50000010200", READ_ALL])).counter, 2);
    assert.equal(verified(readFile(chip, [READ_DATA])).counter, 3);
    assert.equal(verified(readFile(chip, [READ_ALL])).counter, 4);
    assert.equal(verified(readFile(chip, [SELECT, SELECT_NDEF, READ_ALL])).counter, 5);
    say(chip, "00b0830000"); // the CC file, by the same command
    say(chip, SELECT_NDEF);
    assert.equal(verified(readFile(chip, [READ_ALL])).counter, 6);
  });

  it("does not count a read that fails", () => {
    const { chip } = badge();
    say(chip, SELECT);
    say(chip, "00b0850000");
    say(chip, "00b0a40000");
    say(chip, READ_ALL);
    assert.equal(chip.file(2).readCounter, 0);
  });

  it("keeps its counter without power, and draws fresh padding", () => {
    const { chip } = badge({ counter: 41 });
    const first = readFile(chip);
    chip.fieldOff();
    chip.fieldOn();
    const second = readFile(chip);
    assert.deepEqual([verified(first).counter, verified(second).counter], [42, 43]);
    assert.notDeepEqual(parseBadgeFile(first).picc, parseBadgeFile(second).picc);
  });

  it("refuses to be read once the counter has reached its limit", () => {
    const { chip } = badge({ counter: 4 });
    chip.file(2).sdm = { ...chip.file(2).sdm!, readCounterLimit: 5 };
    assert.equal(verified(readFile(chip)).counter, 5);
    say(chip, SELECT);
    say(chip, SELECT_NDEF);
    assert.equal(say(chip, READ_ALL), "6982");
    assert.equal(say(chip, READ_DATA), "919d");
    chip.file(2).sdm = { ...chip.file(2).sdm!, readCounterLimit: 0xffffff };
    chip.file(2).readCounter = 0xffffff;
    assert.equal(say(chip, READ_ALL), "6982");
  });

  it("mirrors plain UID and counter in capitals, most significant byte first", () => {
    const chip = factory();
    chip.enableSdm({
      uid: true,
      readCounter: true,
      metaRead: 0xe,
      fileRead: 0xf,
      counterRead: 0xf,
      uidOffset: 0x10,
      readCounterOffset: 0x20,
    });
    chip.file(2).readCounter = 0x00abcc;
    say(chip, SELECT);
    const raw = fromHex(say(chip, "90ad0000070210000016000000"));
    assert.equal(String.fromCharCode(...raw.slice(0, 14)), "04958CAA5C5E80");
    assert.equal(String.fromCharCode(...raw.slice(16, 22)), "00ABCD");
  });

  it("costs time: more for cryptography and for the counter than for a plain read", () => {
    const { chip } = badge();
    say(chip, SELECT);
    say(chip, SELECT_NDEF);
    const first = chip.apdu(fromHex("00b0000010")).timeUs;
    const second = chip.apdu(fromHex("00b0000010")).timeUs;
    assert.ok(first > second + 2_500, `${first} ${second}`);
    assert.ok(second > 0);
  });

  it("rejects every configuration that Table 71 forbids", () => {
    const good: SdmSettings = {
      uid: true,
      readCounter: true,
      metaRead: 1,
      fileRead: 2,
      counterRead: 0xf,
      piccDataOffset: 32,
      macInputOffset: 64,
      encOffset: 70,
      encLength: 32,
      macOffset: 110,
    };
    const { encOffset: _a, encLength: _b, ...noEnc } = good;
    const { piccDataOffset: _c, ...noPicc } = good;
    assert.equal(checkSdm(good, 256, 0), undefined);
    assert.equal(checkSdm(noEnc, 256, 0), undefined);
    const bad: [SdmSettings, RegExp][] = [
      [{ ...good, metaRead: 5 }, /SDMMetaRead names no key/],
      [{ ...good, fileRead: 0xe }, /SDMFileRead names no key/],
      [{ ...good, counterRead: 7 }, /SDMCtrRet names no key/],
      [{ ...noEnc, uid: false, readCounter: false }, /of nothing/],
      [{ ...noPicc, metaRead: 0xf }, /SDMMetaRead is never/],
      [{ ...noEnc, readCounter: false, counterRead: 0xe }, /without a counter/],
      [{ ...good, fileRead: 0xf }, /encryption without/],
      [{ ...good, uid: false }, /needs UID and counter/],
      [{ ...noEnc, readCounter: false, readCounterLimit: 5 }, /limit without/],
      [{ ...good, readCounterLimit: 0 }, /reached already/],
      [noPicc, /PICCDataOffset is missing/],
      [{ ...good, uidOffset: 0 }, /UIDOffset is unused/],
      [{ ...good, macOffset: 241 }, /outside/],
      [{ ...good, piccDataOffset: 60 }, /overlap/],
      [{ ...good, piccDataOffset: 100 }, /overlap/],
      [{ ...good, encOffset: 40 }, /overlap/],
      [{ ...good, encLength: 16 }, /multiple of 32/],
      [{ ...good, macInputOffset: 71 }, /before the MAC input/],
      [{ ...noEnc, macInputOffset: 111 }, /too high/],
      [{ ...good, encOffset: 130, macOffset: 110 }, /behind the SDMMAC/],
      [
        {
          ...noEnc,
          ...{ metaRead: 0xe, uidOffset: 10, readCounterOffset: 20 },
          piccDataOffset: undefined as never,
        },
        /overlap/,
      ],
    ];
    for (const [settings, rule] of bad) assert.match(checkSdm(settings, 256, 0) ?? "", rule);
  });
});

describe("attackers' cards", () => {
  it("repeat a message that was genuine once", () => {
    const { chip } = badge();
    const clone = cloneOf(chip);
    const read = (card: { apdu: Ntag424["apdu"]; fieldOn(): void }): Uint8Array => {
      card.fieldOn();
      card.apdu(fromHex(SELECT));
      card.apdu(fromHex(SELECT_NDEF));
      const whole = card.apdu(fromHex(READ_ALL)).response;
      return whole.slice(0, 2 + ((whole[0]! << 8) | whole[1]!));
    };
    assert.deepEqual(verified(read(clone)), { uid: toHex(UID), counter: 1 });
    assert.deepEqual(verified(read(clone)), { uid: toHex(UID), counter: 1 });
    assert.deepEqual(clone.uid, UID);
    clone.fieldOn();
    clone.apdu(fromHex(SELECT));
    assert.equal(verified(clone.apdu(fromHex(READ_DATA)).response.slice(0, 230)).counter, 1);

    const other = cloneWithUid(chip, fromHex("04112233445566"));
    assert.equal(toHex(other.uid), "04112233445566");
    assert.deepEqual(verified(read(other)), { uid: toHex(UID), counter: 2 });

    const replayer = replayerOf(chip, 3);
    const counters = [1, 2, 3, 4].map(() => verified(read(replayer)).counter);
    assert.deepEqual(counters, [3, 4, 5, 5]);
  });
});

describe("the chip model under random bytes", () => {
  it("answers every APDU with a status word, in bounded length, and never changes its keys", () => {
    const header = fc.tuple(
      fc.constantFrom(0x00, 0x90, 0xff),
      fc.constantFrom(0xa4, 0xb0, 0xd6, 0x60, 0xaf, 0xf5, 0xf6, 0xad, 0x8d, 0x3c, 0x64, 0x51, 0x71),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 255 }),
    );
    const shaped = fc
      .tuple(header, fc.uint8Array({ maxLength: 20 }))
      .map(([head, tail]) => Uint8Array.of(...head, ...tail));
    const command = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      shaped,
      fc.constant(fromHex(SELECT)),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const { chip } = badge();
        const keys = chip.memory.keys.map((key) => toHex(key.value)).join();
        let counter = 0;
        for (const apdu of commands) {
          const { response, timeUs } = chip.apdu(apdu);
          assert.ok(response.length >= 2 && response.length <= 258);
          assert.ok([0x90, 0x91, 0x67, 0x69, 0x6a, 0x6d, 0x6e].includes(response.at(-2)!));
          assert.ok(timeUs > 0 && timeUs < 38_000);
          assert.ok(chip.file(2).readCounter >= counter && chip.file(2).readCounter <= counter + 1);
          counter = chip.file(2).readCounter;
        }
        assert.equal(chip.memory.keys.map((key) => toHex(key.value)).join(), keys);
      }),
      { numRuns: 150 },
    );
  });
});
