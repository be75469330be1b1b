import assert from "node:assert/strict";
import fc from "fast-check";
import { snapshotChip } from "../../host-sim/nfc/chip-snapshot.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { chipInField } from "./chip-reader.ts";

const INSTRUCTIONS = [
  ...[0x3c, 0x51, 0x5c, 0x5f, 0x60, 0x64, 0x71, 0x77, 0x8d, 0xa4, 0xad, 0xaf, 0xb0, 0xc4],
  ...[0xd6, 0xf5, 0xf6],
];
/** Status words of Tables 23, 24 and 95 that this chip may give. */
const STATUS = new Set([
  ...["9000", "6700", "6982", "6985", "6a82", "6a86", "6a87", "6d00", "6e00"],
  ...["9100", "910b", "910c", "911c", "911e", "9140", "917e", "9190", "919d", "919e"],
  ...["91ad", "91ae", "91af", "91be", "91ca", "91f0"],
]);

const shaped = fc
  .tuple(
    fc.constantFrom(0x00, 0x90),
    fc.constantFrom(...INSTRUCTIONS),
    fc.uint8Array({ maxLength: 40 }),
    fc.boolean(),
  )
  .map(([cla, ins, data, le]) => {
    const lc = data.length > 0 ? [data.length, ...data] : [];
    return Uint8Array.of(cla, ins, 0, 0, ...lc, ...(le ? [0] : []));
  });
const command = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  { weight: 4, arbitrary: shaped },
  fc
    .constantFrom("00a4040007d276000085010100", "9071000002000000", "907100000301010200")
    .map((hex) => fromHex(hex)),
);

/** A chip that lets nobody do anything without a key. */
function closedChip(lrp: boolean) {
  const made = chipInField({ lrp });
  const { memory } = made;
  for (let i = 0; i < 5; i++) {
    memory.keys[i] = { value: new Uint8Array(16).fill(0xa0 + i), version: 1 };
  }
  for (const file of memory.files) file.access = { read: 1, write: 1, readWrite: 1, change: 0 };
  memory.files[2]!.content.fill(0x53);
  return made;
}

describe("the chip under whatever an attacker sends", () => {
  it("never crashes, never grants, never changes anything but its failure counters", () => {
    const soup = fc.array(fc.tuple(command, fc.integer({ min: 0, max: 9 })), { maxLength: 40 });
    fc.assert(
      fc.property(soup, fc.boolean(), (commands, lrp) => {
        const { chip } = closedChip(lrp);
        const before = { ...snapshotChip(chip), failures: [] };
        for (const [apdu, chance] of commands) {
          const { response, timeUs } = chip.apdu(apdu, chance === 0 ? apdu.length >> 1 : 0);
          assert.ok(response.length >= 2 && response.length <= 258);
          const sw = toHex(response.slice(-2));
          assert.ok(STATUS.has(sw), sw);
          assert.ok(timeUs > 0 && Number.isFinite(timeUs));
          assert.ok(!toHex(response).includes("5353"), "no secret content");
          if (chance === 1) chip.torn(apdu);
          if (chance === 2) {
            chip.fieldOff();
            chip.fieldOn();
          }
        }
        assert.deepEqual({ ...snapshotChip(chip), failures: [] }, before);
      }),
      { numRuns: 100 },
    );
  });

  it("takes no altered message in a session, in either mode", () => {
    const flip = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    const attempt = fc.constantFrom(
      ...([
        [0xc4, "02", `${"11".repeat(16)}01a7c83697`],
        [0x5f, "03", "0300ee"],
        [0x5c, "00", "02"],
        [0x8d, "03000000040000", "deadbeef"],
      ] as const),
    );
    fc.assert(
      fc.property(attempt, flip, fc.boolean(), ([ins, header, data], [at, mask], lrp) => {
        const { chip, memory, reader } = chipInField({ lrp });
        chip.file(3).access = { read: 0, write: 0, readWrite: 0, change: 0 };
        reader.authenticate(0);
        const before = { ...snapshotChip(chip), failures: [] };
        const apdu = reader.wrap(ins, header, data, "full");
        const body = apdu.length - 6; // behind Lc, before Le
        const place = 5 + (at % body);
        apdu[place] = apdu[place]! ^ mask;
        assert.notEqual(reader.say(apdu).slice(-4), "9100");
        assert.deepEqual({ ...snapshotChip(chip), failures: [] }, before);
        assert.equal(memory.failures[0]!.consecutive, 0);
        assert.equal(reader.say("9051000000"), "91ae", "the session ended");
      }),
      { numRuns: 40 },
    );
  });

  it("takes no message twice", () => {
    const { chip, reader } = chipInField();
    chip.file(3).access = { read: 0, write: 0, readWrite: 0, change: 0 };
    reader.authenticate(0);
    const apdu = reader.wrap(0x8d, "03000000020000", "0102", "full");
    assert.equal(reader.say(apdu).slice(-4), "9100");
    assert.equal(reader.say(apdu), "911e");
  });
});
