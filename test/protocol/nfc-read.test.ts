import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { parseCapabilityContainer } from "../../protocol/nfc/capability-container.ts";
import {
  CC_FILE,
  getVersion,
  isNtag424,
  readBinary,
  readNdefFile,
  selectApplication,
} from "../../protocol/nfc/ntag424-read.ts";
import { failsWith, failureOf, rejectionOf } from "./nfc-expect.ts";

const OK = "9000";
const SELECT_APPLICATION = "00a4040c07d2760000850101";
const SELECT_NDEF = "00a4000c02e104";

/** A card that knows one dialogue, command by command, and fails the test at any other byte. */
function scripted(dialogue: readonly (readonly [command: string, answer: string])[]): {
  transceive: Transceive;
  done(): boolean;
} {
  let at = 0;
  return {
    transceive: async (apdu) => {
      const step = dialogue[at++];
      assert.equal(toHex(apdu), step?.[0], `command ${at}`);
      return fromHex(step![1]);
    },
    done: () => at === dialogue.length,
  };
}

/** An NDEF file with a message of `nlen` bytes. */
function fileOf(nlen: number): Uint8Array {
  const message = Uint8Array.from({ length: nlen }, (_, index) => (index * 7) & 255);
  return concat(Uint8Array.of(nlen >> 8, nlen & 255), message);
}

const hexOf = (file: Uint8Array, from: number, to: number) => toHex(file.slice(from, to));

describe("reading the NDEF file of an NTAG 424 DNA", () => {
  it("takes two APDUs when the hint is the file's length", async () => {
    const file = fileOf(233);
    const card = scripted([
      [SELECT_APPLICATION, OK],
      ["00b08400eb", toHex(file) + OK],
    ]);
    const read = await readNdefFile(card.transceive, { lengthHint: 235 });
    assert.deepEqual(read, { file, apdus: 2 });
    assert.equal(card.done(), true);
  });

  it("asks for the whole file without a hint and drops what follows the message", async () => {
    const file = fileOf(100);
    const whole = toHex(concat(file, new Uint8Array(256 - file.length)));
    const card = scripted([
      [SELECT_APPLICATION, OK],
      ["00b0840000", whole + OK],
    ]);
    assert.deepEqual(await readNdefFile(card.transceive), { file, apdus: 2 });
  });

  it("reads on by the same command when the hint was short, so that the counter stands", async () => {
    const file = fileOf(233);
    const card = scripted([
      [SELECT_APPLICATION, OK],
      ["00b0840064", hexOf(file, 0, 100) + OK],
      ["00b0846487", hexOf(file, 100, 235) + OK],
    ]);
    const read = await readNdefFile(card.transceive, { lengthHint: 100 });
    assert.deepEqual(read, { file, apdus: 3 });
  });

  it("bends an impossible hint to what the card allows", async () => {
    for (const [lengthHint, le] of [
      [-5, "02"],
      [0, "02"],
      [1.9, "02"],
      [1000, "00"],
    ] as const) {
      const card = scripted([
        [SELECT_APPLICATION, OK],
        [`00b08400${le}`, `0000${OK}`],
      ]);
      const { file } = await readNdefFile(card.transceive, { lengthHint });
      assert.deepEqual(file, Uint8Array.of(0, 0));
    }
  });

  for (const refusal of ["6a82", "6a86"]) {
    it(`selects the file when short identifiers are answered with ${refusal}`, async () => {
      const file = fileOf(20);
      const card = scripted([
        [SELECT_APPLICATION, OK],
        ["00b0840010", refusal],
        [SELECT_NDEF, OK],
        ["00b0000010", hexOf(file, 0, 16) + OK],
        ["00b0001006", hexOf(file, 16, 22) + OK],
      ]);
      const read = await readNdefFile(card.transceive, { lengthHint: 16 });
      assert.deepEqual(read, { file, apdus: 5 });
    });
  }

  const refused: [string, string, [string, string][]][] = [
    ["a card without the application", "card-unsupported", [[SELECT_APPLICATION, "6a82"]]],
    ["a card that refuses to select", "card-status", [[SELECT_APPLICATION, "6985"]]],
    ["an answer without status word", "apdu-malformed", [[SELECT_APPLICATION, "90"]]],
    [
      "a file that needs a key",
      "card-status",
      [
        [SELECT_APPLICATION, OK],
        ["00b0840000", "6982"],
      ],
    ],
    [
      "a file of one byte",
      "ndef-malformed",
      [
        [SELECT_APPLICATION, OK],
        ["00b0840000", `00${OK}`],
      ],
    ],
    [
      "an NLEN beyond the file",
      "ndef-malformed",
      [
        [SELECT_APPLICATION, OK],
        ["00b0840000", `00ffd1${OK}`],
      ],
    ],
    [
      "a file that ends before its message",
      "ndef-malformed",
      [
        [SELECT_APPLICATION, OK],
        ["00b0840000", `0010d1${OK}`],
        ["00b084030f", OK],
      ],
    ],
    [
      "a file that comes in crumbs",
      "card-protocol",
      [
        [SELECT_APPLICATION, OK],
        ["00b0840000", `0010d1${OK}`],
        ["00b084030f", `01${OK}`],
        ["00b084040e", `01${OK}`],
        ["00b084050d", `01${OK}`],
      ],
    ],
  ];
  for (const [what, code, dialogue] of refused) {
    it(`refuses ${what} with ${code}`, async () => {
      const card = scripted(dialogue);
      assert.equal(await rejectionOf(() => readNdefFile(card.transceive)), code);
      assert.equal(card.done(), true);
    });
  }

  it("refuses a card that sends more than it was asked for", async () => {
    const card = scripted([
      [SELECT_APPLICATION, OK],
      ["00b0840002", `000000${OK}`],
    ]);
    const read = () => readNdefFile(card.transceive, { lengthHint: 2 });
    assert.equal(await rejectionOf(read), "card-protocol");
  });

  it("passes on what the radio says when the badge is pulled away in mid-read", async () => {
    let commands = 0;
    const transceive: Transceive = async () => {
      if (++commands === 2) throw new LatchkeyError("badge-moved");
      return fromHex(OK);
    };
    assert.equal(await rejectionOf(() => readNdefFile(transceive)), "badge-moved");
    assert.equal(commands, 2);
  });

  it("ends with a file or a typed error, soon, whatever a card answers", async () => {
    const answer = fc.oneof(
      fc.uint8Array({ maxLength: 260 }),
      fc.uint8Array({ maxLength: 256 }).map((data) => concat(data, fromHex(OK))),
      fc.nat({ max: 300 }).map((nlen) => concat(fileOf(nlen).slice(0, 256), fromHex(OK))),
    );
    const answers = fc.array(answer, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: -1, max: 300 }), async (list, lengthHint) => {
        let commands = 0;
        const transceive: Transceive = async () => {
          const nth = commands++;
          return nth === 0 ? fromHex(OK) : list[(nth - 1) % list.length]!;
        };
        try {
          const { file, apdus } = await readNdefFile(transceive, { lengthHint });
          assert.equal(file.length, 2 + ((file[0]! << 8) | file[1]!));
          assert.equal(apdus, commands);
        } catch (error) {
          if (!isLatchkeyError(error)) throw error;
        }
        assert.ok(commands <= 7, `${commands} commands`);
      }),
    );
  });
});

describe("other things that an NTAG 424 DNA tells without a key", () => {
  it("its version, as AN12196 r1.8 Table 13 prints it", async () => {
    const card = scripted([
      ["9060000000", "0404083000110591af"],
      ["90af000000", "0404020101110591af"],
      ["90af000000", "04968caa5c5e80cd65935d4021189100"],
    ]);
    const version = await getVersion(card.transceive);
    assert.equal(isNtag424(version), true);
    assert.equal(toHex(version.uid), "04968caa5c5e80");
    assert.equal(toHex(version.batch), "cd65935d40");
    assert.deepEqual([version.week, version.year], [0x21, 0x18]);
    const software = { vendorId: 4, type: 4, subtype: 2, major: 1, minor: 1 };
    assert.deepEqual(version.software, { ...software, storageSize: 0x11, protocol: 5 });
  });

  it("a version that names another chip", async () => {
    // MIFARE DESFire EV2: HWType 01, HWMajorVersion 12h.
    const card = scripted([
      ["9060000000", "0401011200180591af"],
      ["90af000000", "0401010200180591af"],
      ["90af000000", "04968caa5c5e80cd65935d4021189100"],
    ]);
    assert.equal(isNtag424(await getVersion(card.transceive)), false);
  });

  it("a version of broken length or order is refused", async () => {
    const short = scripted([["9060000000", "04040830001191af"]]);
    assert.equal(await rejectionOf(() => getVersion(short.transceive)), "card-protocol");
    const early = scripted([["9060000000", "040408300011059100"]]);
    assert.equal(await rejectionOf(() => getVersion(early.transceive)), "card-status");
    const long = scripted([
      ["9060000000", "0404083000110591af"],
      ["90af000000", "0404020101110591af"],
      ["90af000000", "04968caa5c5e80cd65935d40211800009100"],
    ]);
    assert.equal(await rejectionOf(() => getVersion(long.transceive)), "card-protocol");
  });

  it("its capability container, as a real chip left the factory with it", async () => {
    const hex = "001720010000ff0406e104010000000506e10500808283000000000000000000";
    const card = scripted([
      [SELECT_APPLICATION, OK],
      ["00b0830020", hex + OK],
    ]);
    await selectApplication(card.transceive);
    const container = parseCapabilityContainer(await readBinary(card.transceive, CC_FILE, 0, 32));
    assert.deepEqual(container, {
      mappingVersion: 0x20,
      responseMax: 256,
      commandMax: 255,
      ndefFileId: 0xe104,
      ndefFileSize: 256,
      readAccess: 0,
      writeAccess: 0,
    });
  });

  it("a capability container that is cut or random is refused or read, never a crash", () => {
    const cc = fromHex("001720010000ff0406e104010000000506e105008082830000");
    for (let length = 0; length < 23; length++)
      failsWith("ndef-malformed", () => parseCapabilityContainer(cc.slice(0, length)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const code = failureOf(() => parseCapabilityContainer(bytes));
        assert.ok(code === undefined || code === "ndef-malformed");
      }),
    );
  });

  it("nothing at an offset that P2 cannot hold", async () => {
    const { transceive } = scripted([]);
    await assert.rejects(readBinary(transceive, CC_FILE, 256, 1), RangeError);
  });
});
