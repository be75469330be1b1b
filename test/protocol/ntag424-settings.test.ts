import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { changeFileSettings } from "../../protocol/ntag424/card-facts.ts";
import {
  type AccessCondition,
  encodeFileSettings,
  type FileSettings,
  type PiccMirror,
  parseFileStatus,
  type SdmOptions,
} from "../../protocol/ntag424/file-settings.ts";
import { fileSettingsObjections } from "../../protocol/ntag424/file-settings-rules.ts";
import type { CommandSender, NativeCommand } from "../../protocol/ntag424/native-command.ts";
import { parses, throwsCode } from "./error-code.ts";

const access = { read: "free", write: 0, readWrite: 0, change: 0 } as const;

describe("file settings", () => {
  it("of AN12196 r1.8 Table 8 are understood, and are encoded back", () => {
    const data = fromHex("0040EEEE000100D1FE001F00004400004400002000006A0000");
    const status = parseFileStatus(data);
    const { size, ...settings } = status;
    assert.equal(size, 256);
    assert.deepEqual(settings, {
      commMode: "plain",
      access: { read: "free", write: "free", readWrite: "free", change: "free" },
      sdm: {
        picc: { kind: "encrypted", keyNo: 0, offset: 0x1f, uid: true, counter: true },
        fileRead: {
          keyNo: 0,
          macInputOffset: 0x44,
          macOffset: 0x6a,
          encrypted: { offset: 0x44, length: 0x20 },
        },
        counterRead: "free",
      },
    });
    const encoded = toHex(encodeFileSettings(settings)).toUpperCase();
    assert.equal(encoded, "40EEEED1FE001F00004400004400002000006A0000");
    assert.deepEqual(fileSettingsObjections(settings, { fileNo: 2, fileSize: size }), []);
  });

  it("of a fresh chip's files are understood (NT4H2421Gx Tables 8 and 13)", () => {
    const cc = parseFileStatus(fromHex("000000E0200000"));
    assert.deepEqual(cc, { commMode: "plain", access, size: 32 });
    const own = parseFileStatus(fromHex("00033023800000"));
    const rights = { read: 2, write: 3, readWrite: 3, change: 0 };
    assert.deepEqual(own, { commMode: "full", access: rights, size: 128 });
  });

  it("as printed in AN12196 r1.8 Table 12 are short of a field: an erratum", () => {
    // Encrypted PICC data and a MAC take three offsets; two are printed. Its FileOption says 43h
    // where the explanation beside it says 40h.
    const printed = fromHex("004300E0000100C1F121200000430000");
    throwsCode(() => parseFileStatus(printed), "card-protocol");
    const whole = concat(printed, fromHex("430000"));
    assert.equal(parseFileStatus(whole).sdm?.fileRead?.macOffset, 0x43);
  });

  it("survive the way there and back, whatever they are", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const bytes = encodeFileSettings(settings);
        const size = fromHex("000100");
        const told = concat(Uint8Array.of(0), bytes.subarray(0, 3), size, bytes.subarray(3));
        // By way of JSON, because fast-check makes objects without a prototype.
        const same = JSON.parse(JSON.stringify({ ...settings, size: 256 }));
        assert.deepEqual(parseFileStatus(told), same);
        for (let length = 0; length < told.length; length++)
          throwsCode(() => parseFileStatus(told.slice(0, length)), "card-protocol");
        throwsCode(() => parseFileStatus(concat(told, Uint8Array.of(0))), "card-protocol");
      }),
      { numRuns: 100 },
    );
  });

  it("of random bytes fail as they should or not at all", () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((tail) => concat(Uint8Array.of(0), tail));
    fc.assert(
      fc.property(bytes, (data) => {
        parses(() => parseFileStatus(data), "card-protocol");
      }),
    );
    for (const impossible of [
      "014000E0000100", // no StandardData file
      "004000E000010081FFFF", // UID mirrored, SDMMetaRead Fh (Table 71)
      "004000E0000100D1FFFF", // encryption, SDMFileRead Fh (Table 71)
      "004000E000010001F5FF", // key 5
      "004000E000010001FFFE", // SDMFileRead Eh
    ])
      throwsCode(() => parseFileStatus(fromHex(impossible)), "card-protocol");
  });

  it("go to the chip in full mode, or plain when everybody may change them", async () => {
    const sent: NativeCommand[] = [];
    const sender: CommandSender = {
      send: async (command) => {
        sent.push(command);
        return new Uint8Array(0);
      },
    };
    const settings: FileSettings = { commMode: "mac", access };
    await changeFileSettings(sender, 3, settings);
    await changeFileSettings(sender, 3, settings, { free: true });
    assert.deepEqual(
      sent.map(({ mode, needsSession }) => [mode, needsSession]),
      [
        ["full", true],
        ["plain", false],
      ],
    );
    assert.equal(toHex(sent[0]!.data!), "0100e0");
    await assert.rejects(changeFileSettings(sender, 32, settings), RangeError);
  });
});

const condition = fc.constantFrom<AccessCondition>(0, 1, 2, 3, 4, "free", "never");
const key = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const);
const offset = fc.nat({ max: 0xfffffe });
const anyMirror = fc.oneof<fc.Arbitrary<PiccMirror>[]>(
  fc.record({ kind: fc.constant("none" as const), counter: fc.boolean() }),
  fc.record(
    {
      kind: fc.constant("plain" as const),
      uidOffset: offset,
      counterOffset: fc.oneof(offset, fc.constant("hidden" as const)),
    },
    { requiredKeys: ["kind"] },
  ),
  fc.record({
    kind: fc.constant("encrypted" as const),
    keyNo: key,
    offset,
    uid: fc.boolean(),
    counter: fc.boolean(),
  }),
);
const anyFileRead = fc.record(
  {
    keyNo: key,
    macInputOffset: offset,
    macOffset: offset,
    encrypted: fc.record({ offset, length: offset }),
  },
  { requiredKeys: ["keyNo", "macInputOffset", "macOffset"] },
);
const anySdm: fc.Arbitrary<SdmOptions> = fc.record(
  { picc: anyMirror, fileRead: anyFileRead, counterRead: condition, counterLimit: offset },
  { requiredKeys: ["picc", "counterRead"] },
);
const anySettings: fc.Arbitrary<FileSettings> = fc.record(
  {
    commMode: fc.constantFrom("plain" as const, "mac" as const, "full" as const),
    access: fc.record({
      read: condition,
      write: condition,
      readWrite: condition,
      change: condition,
    }),
    sdm: anySdm,
  },
  { requiredKeys: ["commMode", "access"] },
);

describe("the rules of Table 71 (NT4H2421Gx)", () => {
  const plain = { kind: "plain", uidOffset: 20, counterOffset: 35 } as const;
  const encrypted = { kind: "encrypted", keyNo: 2, offset: 20, uid: true, counter: true } as const;
  const fileRead = { keyNo: 1, macInputOffset: 60, macOffset: 100 } as const;
  const enc = (offset: number, length: number) => ({ ...fileRead, encrypted: { offset, length } });
  const never = "never" as const;
  const good: Record<string, SdmOptions> = {
    "plain mirrors": { picc: plain, fileRead, counterRead: 1 },
    "a mirror and no MAC": { picc: plain, counterRead: never },
    "encrypted PICC data": { picc: encrypted, fileRead, counterRead: "free" },
    "encrypted file data": { picc: encrypted, fileRead: enc(60, 32), counterRead: never },
    "a MAC over nothing": {
      picc: encrypted,
      fileRead: { keyNo: 1, macInputOffset: 52, macOffset: 52 },
      counterRead: never,
    },
    "mirrors that touch": {
      picc: { ...plain, counterOffset: 34 },
      fileRead: { keyNo: 1, macInputOffset: 0, macOffset: 40 },
      counterRead: never,
    },
    "mirrors that touch from behind": {
      picc: { ...plain, uidOffset: 116, counterOffset: 130 },
      fileRead,
      counterRead: never,
    },
    "a hidden counter": { picc: { kind: "plain", counterOffset: "hidden" }, counterRead: 0 },
    "a MAC and no mirror": {
      picc: { kind: "none", counter: true },
      fileRead,
      counterRead: 4,
      counterLimit: 8,
    },
    "a MAC up to the end": {
      picc: encrypted,
      fileRead: { keyNo: 1, macInputOffset: 0, macOffset: 240 },
      counterRead: never,
    },
  };
  const bad: readonly (readonly [string, SdmOptions])[] = [
    [
      "SDMMetaRead is set, but neither UID nor SDMReadCtr is mirrored",
      { picc: { ...encrypted, uid: false, counter: false }, counterRead: never },
    ],
    [
      "SDMMetaRead is set, but neither UID nor SDMReadCtr is mirrored",
      { picc: { kind: "plain" }, counterRead: never },
    ],
    [
      "SDMCtrRet is set, but SDMReadCtr is off",
      { picc: { kind: "plain", uidOffset: 20 }, counterRead: 1 },
    ],
    ["UID and SDMMAC overlap", { picc: { ...plain, uidOffset: 87 }, fileRead, counterRead: never }],
    [
      "SDMReadCtr and SDMMAC overlap",
      { picc: { ...plain, counterOffset: 115 }, fileRead, counterRead: never },
    ],
    [
      "PICCData and SDMMAC overlap",
      { picc: { ...encrypted, offset: 69 }, fileRead, counterRead: never },
    ],
    [
      "UID and SDMENCFileData overlap",
      { picc: { ...plain, uidOffset: 47 }, fileRead: enc(60, 32), counterRead: never },
    ],
    [
      "SDMReadCtr and SDMENCFileData overlap",
      { picc: { ...plain, counterOffset: 91 }, fileRead: enc(60, 32), counterRead: never },
    ],
    [
      "PICCData and SDMENCFileData overlap",
      { picc: { ...encrypted, offset: 29 }, fileRead: enc(60, 32), counterRead: never },
    ],
    ["UID and SDMReadCtr overlap", { picc: { ...plain, counterOffset: 33 }, counterRead: never }],
    [
      "SDMENCFileData needs both UID and SDMReadCtr",
      { picc: { ...encrypted, uid: false }, fileRead: enc(60, 32), counterRead: never },
    ],
    [
      "SDMENCFileData needs both UID and SDMReadCtr",
      { picc: { ...encrypted, counter: false }, fileRead: enc(60, 32), counterRead: never },
    ],
    [
      "SDMReadCtrLimit is set, but SDMReadCtr is off",
      { picc: { kind: "plain", uidOffset: 20 }, counterRead: never, counterLimit: 9 },
    ],
    [
      "SDMReadCtrLimit is not above SDMReadCtr",
      { picc: encrypted, counterRead: never, counterLimit: 7 },
    ],
    [
      "the MAC's input starts after the MAC",
      { picc: encrypted, fileRead: { ...fileRead, macInputOffset: 101 }, counterRead: never },
    ],
    [
      "SDMENCLength is no multiple of 32",
      { picc: encrypted, fileRead: enc(60, 31), counterRead: never },
    ],
    [
      "SDMENCLength is no multiple of 32",
      { picc: encrypted, fileRead: enc(60, 0), counterRead: never },
    ],
    [
      "SDMENCFileData starts before the MAC's input",
      { picc: encrypted, fileRead: enc(59, 32), counterRead: never },
    ],
    [
      "SDMENCFileData ends after the MAC's place",
      { picc: encrypted, fileRead: enc(69, 32), counterRead: never },
    ],
    ["UID does not fit the file", { picc: { ...plain, uidOffset: 243 }, counterRead: never }],
    [
      "SDMReadCtr does not fit the file",
      { picc: { ...plain, counterOffset: 251 }, counterRead: never },
    ],
    ["PICCData does not fit the file", { picc: { ...encrypted, offset: 225 }, counterRead: never }],
    [
      "SDMMAC does not fit the file",
      { picc: encrypted, fileRead: { ...fileRead, macOffset: 241 }, counterRead: never },
    ],
  ];
  const context = { fileNo: 2, fileSize: 256, readCounter: 7 };
  const objections = (sdm: SdmOptions, changed = {}) =>
    fileSettingsObjections({ commMode: "plain", access, sdm }, { ...context, ...changed });

  for (const [name, sdm] of Object.entries(good))
    it(`allow ${name}`, () => assert.deepEqual(objections(sdm), []));

  bad.forEach(([objection, sdm], index) => {
    it(`object (${index + 1}): ${objection}`, () => {
      assert.ok(objections(sdm).includes(objection), objections(sdm).join("; "));
    });
  });

  it("let SDM be on for file 2 only, and nothing else is forbidden without SDM", () => {
    const sdm = good["plain mirrors"]!;
    assert.deepEqual(objections(sdm, { fileNo: 3 }), ["SDM is for file 2 only"]);
    const settings = { commMode: "full", access } as const;
    assert.deepEqual(fileSettingsObjections(settings, { fileNo: 3, fileSize: 128 }), []);
  });

  it("give PICCData its greater length in LRP mode", () => {
    const sdm: SdmOptions = { picc: encrypted, fileRead, counterRead: never };
    const near = { ...sdm, picc: { ...encrypted, offset: 60 } };
    assert.deepEqual(objections(near), []);
    assert.deepEqual(objections(near, { messaging: "lrp" }), ["PICCData and SDMMAC overlap"]);
  });
});
