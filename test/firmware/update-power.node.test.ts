import assert from "node:assert/strict";
import { BOOT_SECTORS } from "../../firmware/update/boot-log.ts";
import type { Slot } from "../../firmware/update/boot-state.ts";
import { layOutUpdate, UpdateStore } from "../../firmware/update/update-store.ts";
import type { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { everyCut, PowerCut, TEARS, type Tear } from "../../host-sim/flash/tear.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import {
  type Board,
  flashWith,
  imageOf,
  live,
  program,
  Release,
  SLOT_SECTORS,
  start,
} from "./update-bench.ts";

const OLD = imageOf("old", 3 * 4096 - 100);
const NEW = imageOf("new", 4 * 4096 + 300);
/** Short, so that a second enumeration costs less. */
const SHORT = imageOf("short", 4096 + 300);

describe("a firmware update under power cuts", function () {
  this.timeout(300_000);
  let release: Release;
  let short: Release;
  before(async () => {
    ({ release } = await Release.of(NEW, 8));
    ({ release: short } = await Release.of(SHORT, 8));
  });

  function board(slot: Slot, rng?: Prng): Board {
    const flash = flashWith(slot, OLD, rng);
    // A node that has been updated before, and runs from the other slot.
    if (slot === 1) adopt(flash, slot);
    const images = new Map([
      [7, OLD],
      [8, slot === 0 ? NEW : SHORT],
    ]);
    return { flash, images };
  }

  /** The state as a confirmed update leaves it, with whatever lies in the other slot. */
  function adopt(flash: FlashModel, running: Slot): void {
    const store = new UpdateStore({ flash, running, securityVersion: 7 });
    store.begin({ version: "x", securityVersion: 7, size: 1, sha256: new Uint8Array(32) });
    store.discard();
  }

  const boot = (slot: Slot) => (slot === 0 ? "as a tool wrote it" : "updated before");
  for (const slot of [0, 1] as const)
    it(`is old or new at every flash operation, in every way: ${boot(slot)}`, async () => {
      const offered = slot === 0 ? release : short;
      const whole = board(slot);
      const begun = whole.flash.operations;
      assert.equal(await live(whole, offered, 8), 2, "one start for each image");
      const operations = whole.flash.operations - begun;
      assert.ok(operations > (slot === 0 ? 75 : 25), `${operations} operations`);
      let cuts = 0;
      for (const { operation, tear } of everyCut(operations)) {
        const where = `operation ${operation} of ${operations}, ${tear}`;
        const cut = board(slot, new Prng(where, "tear"));
        cut.flash.cutAt(operation, tear);
        await assert.rejects(live(cut, offered, 8), PowerCut, where);
        cuts++;
        cut.flash.powerOn();
        const seen = start(cut);
        assert.ok(seen.version === 7 || seen.version === 8, `${where}: ${seen.version}`);
        assert.ok((await live(cut, offered, 8)) <= 3, where);
        const { state } = new UpdateStore({ flash: cut.flash, running: 0, securityVersion: 0 });
        assert.deepEqual([state.confirmed, state.floor], [slot === 0 ? 1 : 0, 8], where);
        assert.deepEqual([state.trial, state.download], [undefined, undefined], where);
      }
      assert.equal(cuts, operations * TEARS.length);
    });

  it("is old or new through storms of cuts, and new once they end", async () => {
    for (let storm = 0; storm < 24; storm++) {
      const rng = new Prng(`storm ${storm}`, "cuts");
      const offered = storm % 2 === 0 ? release : short;
      const stormy = board(storm % 2 === 0 ? 0 : 1, rng);
      for (let cut = 0; cut < 25; cut++) {
        stormy.flash.cutAt(rng.int(1, 60), rng.pick(TEARS) as Tear);
        try {
          await live(stormy, offered, 8);
          break;
        } catch (error) {
          assert.ok(error instanceof PowerCut, `storm ${storm}: ${String(error)}`);
        }
        stormy.flash.powerOn();
      }
      stormy.flash.powerOn();
      assert.ok((await live(stormy, offered, 8)) <= 4, `storm ${storm}`);
    }
  });

  it("goes on with a download where it was, and not from the beginning", async () => {
    const cut = board(0);
    cut.flash.cutAt(75, "after");
    await assert.rejects(live(cut, release, 8), PowerCut);
    cut.flash.powerOn();
    const offsets: number[] = [];
    release.onPiece = (part, offset) => void (part === "image" && offsets.push(offset / 4096));
    await live(cut, release, 8);
    release.onPiece = () => {};
    assert.deepEqual(offsets, [4], "four sectors were there");
  });

  it("of an image that never reports in goes back to the old one, and says so once", async () => {
    const trial = board(0);
    const { slot } = start(trial);
    assert.equal((await program(trial, slot!, 7, release).updater.run()).decision, "accept");
    const seen = [1, 2, 3, 4, 5].map(() => start(trial).version);
    assert.deepEqual(seen, [8, 8, 8, 7, 7]);
    const { store } = program(trial, 0, 7, release);
    assert.deepEqual(store.state.reversal, { version: "1.8.0", code: "firmware-unconfirmed" });
    store.reversalHeard();
    assert.equal(program(trial, 0, 7, release).store.state.reversal, undefined);
    assert.equal(await live(trial, release, 8), 2, "and may be tried again");
  });

  it("is noticed when something else writes where it must not", async () => {
    const broken = board(0);
    const { slots } = layOutUpdate(broken.flash);
    slots[0].erase(0);
    assert.equal(start(broken).version, undefined, "this test can fail");
    assert.equal(broken.flash.sizeBytes, (BOOT_SECTORS + 2 * SLOT_SECTORS) * 4096);
  });
});
