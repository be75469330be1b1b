import assert from "node:assert/strict";
import { BootLog } from "../../firmware/update/boot-log.ts";
import type { BootState, Slot } from "../../firmware/update/boot-state.ts";
import { type BootRom, chooseImage } from "../../firmware/update/slot-start.ts";
import { layOutUpdate, UpdateStore } from "../../firmware/update/update-store.ts";
import { everyCut, PowerCut, TEARS, type Tear } from "../../host-sim/flash/tear.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { throwsCode } from "../protocol/error-code.ts";
import { liveOnRom, SlotRom, tryFirst } from "./slot-rom.ts";
import { type Board, flashWith, imageOf, program, Release } from "./update-bench.ts";

const OLD = tryFirst(imageOf("old", 3 * 4096 - 100), 7);
const NEW = tryFirst(imageOf("new", 4096 + 300), 8);

describe("an update on a board whose ROM chooses the image", function () {
  this.timeout(300_000);
  let release: Release;
  before(async () => {
    ({ release } = await Release.of(NEW, 8));
  });

  /** As a tool leaves it: the first start keeps what is there. */
  function board(rng?: Prng): { board: Board; rom: SlotRom } {
    const images = new Map([
      [7, OLD],
      [8, NEW],
    ]);
    const made = { flash: flashWith(0, OLD, rng), images };
    const rom = new SlotRom(made);
    keptByTool(made);
    return { board: made, rom };
  }

  function keptByTool({ flash }: Board): void {
    const { slots } = layOutUpdate(flash);
    const sector = slots[0].read(0, 4096);
    sector[8] = sector[8]! & 0x7f;
    slots[0].erase(0);
    slots[0].program(0, sector);
  }

  const logOf = ({ flash }: Board) => new BootLog(layOutUpdate(flash).state);

  it("is tried, kept and started from then on", async () => {
    const { board: one, rom } = board();
    assert.equal(await liveOnRom(one, rom, release, 8), 3, "old, old into the trial, new");
    rom.reset();
    const { version, rom: now } = rom.start();
    assert.deepEqual([version, now.isTrial], [8, false]);
    assert.equal(chooseImage(logOf(one), now), true);
    assert.deepEqual(logOf(one).state?.confirmed, 1);
  });

  it("is old or new at every flash operation, in every way", async () => {
    const whole = board();
    const begun = whole.board.flash.operations;
    await liveOnRom(whole.board, whole.rom, release, 8);
    const operations = whole.board.flash.operations - begun;
    assert.ok(operations > 40, `${operations} operations`);
    let cuts = 0;
    for (const { operation, tear } of everyCut(operations)) {
      const where = `operation ${operation} of ${operations}, ${tear}`;
      const { board: cut, rom } = board(new Prng(where, "tear"));
      cut.flash.cutAt(operation, tear);
      await assert.rejects(liveOnRom(cut, rom, release, 8), PowerCut, where);
      cuts++;
      cut.flash.powerOn();
      rom.reset();
      const seen = rom.start();
      assert.ok(seen.version === 7 || seen.version === 8, where);
      rom.reset();
      assert.ok((await liveOnRom(cut, rom, release, 8)) <= 9, where);
      const { state } = new UpdateStore({ flash: cut.flash, running: 0, securityVersion: 0 });
      assert.deepEqual([state.confirmed, state.floor], [1, 8], where);
      assert.deepEqual([state.trial, state.download], [undefined, undefined], where);
    }
    assert.equal(cuts, operations * TEARS.length);
  });

  it("is old or new through storms of cuts, and new once they end", async () => {
    for (let storm = 0; storm < 12; storm++) {
      const rng = new Prng(`rom storm ${storm}`, "cuts");
      const { board: stormy, rom } = board(rng);
      for (let cut = 0; cut < 20; cut++) {
        stormy.flash.cutAt(rng.int(1, 60), rng.pick(TEARS) as Tear);
        try {
          await liveOnRom(stormy, rom, release, 8);
          break;
        } catch (error) {
          assert.ok(error instanceof PowerCut, `storm ${storm}: ${String(error)}`);
        }
        stormy.flash.powerOn();
        rom.reset();
      }
      stormy.flash.powerOn();
      rom.reset();
      assert.ok((await liveOnRom(stormy, rom, release, 8)) <= 12, `storm ${storm}`);
    }
  });

  it("that hangs is left after three trials, whatever it does, and the server hears of it", async () => {
    const { board: one, rom } = board();
    const first = rom.start();
    assert.equal(chooseImage(logOf(one), first.rom), true);
    assert.equal((await program(one, 0, 7, release).updater.run()).decision, "accept");
    const versions: number[] = [];
    for (let start = 0; start < 9; start++) {
      const { version, rom: now } = rom.start();
      versions.push(version);
      // The new image hangs: the watchdog, and the ROM starts the old one, which tries again.
      if (version === 7) chooseImage(logOf(one), now);
    }
    assert.deepEqual(versions, [7, 8, 7, 8, 7, 8, 7, 7, 7]);
    const { store } = program(one, 0, 7, release);
    assert.deepEqual(store.state.reversal, { version: "1.8.0", code: "firmware-unconfirmed" });
  });
});

describe("a start on a board whose ROM chooses the image", () => {
  const image = (securityVersion: number) => ({
    ...{ version: `1.${securityVersion}`, securityVersion, size: 100 },
    sha256: new Uint8Array(32).fill(securityVersion),
  });

  function started(state: BootState | undefined, running: Slot, isTrial = false) {
    const flash = flashWith(0, new Uint8Array(1));
    const log = new BootLog(layOutUpdate(flash).state);
    if (state !== undefined) log.write(state);
    const calls: string[] = [];
    const rom: BootRom = {
      ...{ running, isTrial },
      start: (slot) => void calls.push(`start ${slot}`),
      keep: () => void calls.push("keep"),
    };
    const run = () => chooseImage(log, rom);
    return { run, calls, log };
  }
  const steady: BootState = { confirmed: 0, images: [image(7), image(6)], floor: 7 };

  it("keeps what a tool wrote, on a blank board and over an image that was known", () => {
    const blank = started(undefined, 1, true);
    assert.equal(blank.run(), true);
    assert.deepEqual(blank.calls, ["keep"]);
    for (const running of [0, 1] as const) {
      const state: BootState = { ...steady, images: [image(7), undefined], trial: 0 };
      const { run, calls, log } = started(state, running, true);
      assert.equal(run(), true);
      assert.deepEqual(calls, ["keep"]);
      assert.deepEqual([log.state?.confirmed, log.state?.images[running]], [running, undefined]);
      assert.equal(log.state?.floor, 7, "the floor stays");
      assert.equal(log.state?.trial, undefined);
    }
  });

  it("says that it fell back on the other image, and refuses one that is too old", () => {
    const known: BootState = { ...steady, floor: 6 };
    const back = started(known, 1);
    assert.equal(back.run(), true);
    assert.equal(back.log.state?.confirmed, 1);
    assert.deepEqual(back.log.state?.reversal, { version: "1.7", code: "firmware-mismatch" });
    throwsCode(started(steady, 1).run, "firmware-rollback");
  });

  it("leaves an image on trial alone, also when the ROM keeps it already", () => {
    for (const isTrial of [true, false]) {
      const { run, calls, log } = started({ ...steady, trial: 1 }, 1, isTrial);
      const { state } = log;
      assert.equal(run(), true);
      assert.deepEqual(calls, []);
      assert.equal(log.state, state);
    }
  });

  it("counts a trial before it starts it", () => {
    const { run, calls, log } = started({ ...steady, trial: 2 }, 0);
    assert.equal(run(), false);
    assert.deepEqual(calls, ["start 1"]);
    assert.equal(log.state?.trial, 1);
  });
});
