import assert from "node:assert/strict";
import fc from "fast-check";
import { cloneOf, cloneWithUid, replayerOf } from "../../host-sim/nfc/clone.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import type { SdmSettings } from "../../host-sim/nfc/ntag424-file.ts";
import { checkSdm } from "../../host-sim/nfc/ntag424-sdm-rules.ts";
import { parseBadgeFile } from "../../protocol/badge/link.ts";
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
    assert.equal(verified(clone.apdu(fromHex(READ_DATA)).response.slice(0, 237)).counter, 1);

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
