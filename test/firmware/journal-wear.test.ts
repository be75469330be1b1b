import assert from "node:assert/strict";
import { Journal } from "../../firmware/journal/journal.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";

describe("a journal on flash that wears out", () => {
  it("passes over a sector that refuses its erase, and keeps every value", () => {
    const flash = new FlashModel({ rng: new Prng("worn", "journal"), sizeBytes: 8 * 4096 });
    const journal = new Journal(flash);
    journal.set("node.key", new Uint8Array(32).fill(7));
    for (const sector of [3, 4]) {
      flash.wearOut(sector);
      for (let n = 0; n < 150; n++) journal.set("count", Uint8Array.of(n, sector));
    }
    assert.equal(journal.statistics.badSectors, 2);
    const again = new Journal(flash);
    assert.deepEqual(again.get("count"), Uint8Array.of(149, 4));
    assert.deepEqual(again.get("node.key"), new Uint8Array(32).fill(7));
  });

  it("says storage-failed when no spare is left, with the old values whole", () => {
    const flash = new FlashModel({ rng: new Prng("worn", "journal"), sizeBytes: 4 * 4096 });
    const journal = new Journal(flash);
    journal.set("node.key", new Uint8Array(32).fill(7));
    for (let sector = 0; sector < 4; sector++) flash.wearOut(sector);
    assert.throws(
      () => {
        for (let n = 0; n < 150; n++) journal.set("count", Uint8Array.of(n, 1));
      },
      (error: unknown) => isLatchkeyError(error, "storage-failed"),
    );
    assert.deepEqual(new Journal(flash).get("node.key"), new Uint8Array(32).fill(7));
  });
});
