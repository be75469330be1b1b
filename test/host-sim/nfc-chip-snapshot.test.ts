import assert from "node:assert/strict";
import { type ChipSnapshot, restoreChip, snapshotChip } from "../../host-sim/nfc/chip-snapshot.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { badge, factory, identity, readFile, verified } from "./badge-chips.ts";
import { ChipReader, chipInField } from "./chip-reader.ts";

const copy = (snapshot: ChipSnapshot): ChipSnapshot => JSON.parse(JSON.stringify(snapshot));

describe("a chip's snapshot", () => {
  it("survives JSON and restores the same chip", () => {
    for (const chip of [factory(), badge({ counter: 7 }).chip]) {
      const snapshot = snapshotChip(chip);
      const restored = restoreChip(copy(snapshot), identity("restored"));
      assert.deepEqual(snapshotChip(restored), snapshot);
    }
  });

  it("keeps originality, configuration, failures and SDM of LRP mode", () => {
    const { chip, memory } = chipInField({
      lrp: true,
      signature: new Uint8Array(56).fill(7),
      originalityKeys: [1, 2, 3, 4].map((fill) => new Uint8Array(16).fill(fill)),
    });
    chip.enableSdm({
      ...{ uid: true, readCounter: true, metaRead: 1, fileRead: 2, counterRead: 3 },
      ...{ piccDataOffset: 0, macInputOffset: 50, macOffset: 50, readCounterLimit: 3 },
    });
    chip.file(2).readCounter = 3;
    memory.failures[1]!.total = 12;
    const restored = restoreChip(copy(snapshotChip(chip)), identity("restored"));
    assert.deepEqual(snapshotChip(restored), snapshotChip(chip));
    restored.fieldOn();
    const reader = new ChipReader(restored);
    reader.say("00a4040007d276000085010000");
    assert.equal(reader.authenticate(2, new Uint8Array(16).fill(2)), "9100");
  });

  it("goes on counting where the badge was", () => {
    const { chip } = badge({ counter: 41 });
    readFile(chip);
    const restored = restoreChip(copy(snapshotChip(chip)), identity("restored"));
    restored.fieldOn();
    assert.equal(verified(readFile(restored)).counter, 43);
    assert.equal(chip.file(2).readCounter, 42, "the copy is a chip of its own");
  });

  it("is refused with the field's name when somebody has tampered with it", () => {
    const good = snapshotChip(badge().chip);
    const key = good.keys[0]!;
    const [cc, ndef, own] = good.files as [
      ChipSnapshot["files"][0],
      ChipSnapshot["files"][0],
      ChipSnapshot["files"][0],
    ];
    const bad: [string, unknown][] = [
      ["format", { ...good, format: "other" }],
      ["uid", { ...good, uid: "04" }],
      ["uid", { ...good, uid: 4 }],
      ["keys", { ...good, keys: good.keys.slice(1) }],
      ["keys[0].value", { ...good, keys: [{ ...key, value: 1 }, ...good.keys.slice(1)] }],
      ["keys[0].version", { ...good, keys: [{ ...key, version: 256 }, ...good.keys.slice(1)] }],
      ["failures", { ...good, failures: [] }],
      ["originalityKeys", { ...good, originalityKeys: ["00"] }],
      ["files[0].readCounter", { ...good, files: [{ ...cc, readCounter: -1 }, ndef, own] }],
      ["content", { ...good, files: [{ ...cc, content: "00" }, ndef, own] }],
      ["read", { ...good, files: [{ ...cc, access: { ...cc.access, read: 7 } }, ndef, own] }],
      ["sdm", { ...good, files: [cc, { ...ndef, sdm: { ...ndef.sdm, macOffset: 255 } }, own] }],
      ["configuration", { ...good, configuration: undefined }],
      ["configuration.lrp", { ...good, configuration: { ...good.configuration, lrp: 1 } }],
    ];
    for (const [field, snapshot] of bad) {
      assert.throws(
        () => restoreChip(snapshot as ChipSnapshot, identity()),
        (error: unknown) => {
          assert.ok(isLatchkeyError(error, "malformed"), String(error));
          assert.equal(error.detail["field"], field);
          return true;
        },
      );
    }
  });
});
