import assert from "node:assert/strict";
import { openNodeJournal } from "../../firmware/factory-reset.ts";
import { EventLog } from "../../firmware/journal/event-log.ts";
import { layOutFlash } from "../../firmware/journal/flash-layout.ts";
import { Journal } from "../../firmware/journal/journal.ts";
import type { System } from "../../firmware/platform.ts";
import { randomOf } from "./at-rest-bench.ts";
import { PowerCut, StrictFlash, TEARS } from "./strict-flash.ts";

/** What the region of an image of 64 kB has. */
const OLD_SECTORS = 16;
const KEY = Uint8Array.from({ length: 32 }, (_, n) => n * 7 + 1);
const UID_NAME = "node.uid";
const UID = Uint8Array.of(1, 2, 3);

/** A flash whose journal has all of it, with key and name, and `writes` more behind them. */
function olderFlash(writes: number): StrictFlash {
  const flash = new StrictFlash(OLD_SECTORS);
  const journal = new Journal(flash);
  journal.set("node.key", KEY);
  journal.set(UID_NAME, UID);
  for (let n = 0; n < writes; n++) journal.set("n", Uint8Array.of(n & 0xff, n >> 8));
  return flash.restarted();
}

function boot(flash: StrictFlash): Journal {
  const system = { feedWatchdog: () => {}, restart: () => {} } as unknown as System;
  return openNodeJournal({ system }, layOutFlash(flash), { write: () => {} });
}

describe("a node from before the events, whose journal had all of the flash", () => {
  it("keeps key and name wherever its journal had moved them to", () => {
    for (let writes = 0; writes < 700; writes += 23) {
      const flash = olderFlash(writes);
      const journal = boot(flash);
      assert.deepEqual(journal.get("node.key"), KEY, `after ${writes}`);
      assert.deepEqual(journal.get(UID_NAME), UID, `after ${writes}`);
      // What follows does not undo it: events take the old sectors, values are written.
      const events = new EventLog(layOutFlash(flash).events, { random: randomOf(writes) });
      for (let n = 0; n < 40; n++) events.append("telemetry", Uint8Array.of(n));
      for (let n = 0; n < 20; n++) journal.set("n", Uint8Array.of(n));
      const again = boot(flash.restarted());
      assert.deepEqual([again.get("node.key"), again.get("n")], [KEY, Uint8Array.of(19)]);
    }
  });

  it("has the last value of everything, but for one in the narrow place that is documented", () => {
    const behind: number[] = [];
    for (let writes = 1; writes < 700; writes += 3) {
      const journal = boot(olderFlash(writes));
      const [low = 0, high = 0] = journal.get("n")!;
      if (low + 256 * high !== writes - 1) behind.push(writes);
    }
    assert.ok(behind.length < 25, `${behind}`);
  });

  const MOVED = Object.freeze([
    ["the front full, nothing to gather", 150, 8],
    ["the front free, the key behind", 250, 3],
    ["the front full, the newest value there", 340, 9],
  ] as const);
  for (const [what, writes, least] of MOVED) {
    it(`is taken over at any power cut: ${what}`, () => {
      const start = olderFlash(writes);
      const whole = start.restarted();
      boot(whole);
      assert.ok(whole.operations >= least, `${whole.operations}`);
      for (let operation = 0; operation < whole.operations; operation++) {
        for (const tear of TEARS) {
          const flash = start.restarted();
          flash.cut = { operation, tear, seed: operation };
          assert.throws(() => boot(flash), PowerCut);
          const journal = boot(flash.restarted());
          const where = `operation ${operation}, ${tear}`;
          assert.deepEqual([journal.get("node.key"), journal.get(UID_NAME)], [KEY, UID], where);
          assert.deepEqual(
            journal.get("n"),
            Uint8Array.of((writes - 1) & 0xff, writes >> 8),
            where,
          );
        }
      }
    });
  }

  it("does not come back once it was taken over, nor to a blank board", () => {
    const flash = olderFlash(250);
    boot(flash).set("node.key", Uint8Array.of(9));
    assert.deepEqual(boot(flash.restarted()).get("node.key"), Uint8Array.of(9));
    const blank = new StrictFlash(OLD_SECTORS);
    assert.deepEqual(boot(blank).keys(), []);
    assert.equal(blank.operations, 0);
  });
});
