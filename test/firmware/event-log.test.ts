import assert from "node:assert/strict";
import { FlashRegion } from "../../firmware/journal/flash-region.ts";
import { Journal } from "../../firmware/journal/journal.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { ALL, bytesOf, dropsIn, numbersIn, open } from "./event-log-kit.ts";
import { StrictFlash } from "./strict-flash.ts";

const full = (error: unknown) => isLatchkeyError(error, "storage-full");

describe("event log", () => {
  it("gives events back in order, access before telemetry, until they are marked", () => {
    const log = open(new StrictFlash(8));
    const first = log.append("telemetry", bytesOf(80, 1));
    const second = log.append("access", bytesOf(30, 2));
    const third = log.append("telemetry", bytesOf(0, 3));
    assert.deepEqual(log.pending(ALL), [
      { eventClass: "access", sequence: second, data: bytesOf(30, 2) },
      { eventClass: "telemetry", sequence: first, data: bytesOf(80, 1) },
      { eventClass: "telemetry", sequence: third, data: bytesOf(0, 3) },
    ]);
    log.markUploaded("telemetry", first);
    assert.deepEqual(numbersIn(log), [second, third]);
    log.markUploaded("access", third);
    log.markUploaded("telemetry", third);
    assert.deepEqual(log.pending(ALL), []);
  });

  it("gives no more than was asked for, but always one", () => {
    const log = open(new StrictFlash(8));
    for (let n = 0; n < 40; n++) log.append("telemetry", bytesOf(100, n));
    assert.equal(log.pending({ eventsMax: 7, bytesMax: 10_000 }).length, 7);
    assert.equal(log.pending({ eventsMax: 100, bytesMax: 1050 }).length, 10);
    assert.equal(log.pending({ eventsMax: 100, bytesMax: 20 }).length, 1);
    assert.deepEqual(log.pending({ eventsMax: 0, bytesMax: 20 }), []);
  });

  it("keeps the longest event whole, and refuses a longer one before it writes", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    assert.ok(log.eventBytesMax >= 900, `${log.eventBytesMax}`);
    assert.throws(() => log.append("access", new Uint8Array(log.eventBytesMax + 1)), full);
    assert.equal(flash.operations, 0);
    for (let n = 0; n < 9; n++) log.append("access", bytesOf(log.eventBytesMax, n));
    for (const [n, event] of open(flash.restarted()).pending(ALL).entries())
      assert.deepEqual("data" in event && event.data, bytesOf(log.eventBytesMax, n));
  });

  it("takes a page for an event of up to a page less its head", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    log.append("telemetry", bytesOf(1, 1));
    for (const [length, pages] of [
      [60, 1],
      [214, 1],
      [215, 2],
      [900, 4],
    ] as const) {
      const { operations } = flash;
      const programmed = flash.bytes.filter((byte) => byte !== 0xff).length;
      log.append("telemetry", new Uint8Array(length));
      assert.equal(flash.operations - operations, 1);
      const grown = flash.bytes.filter((byte) => byte !== 0xff).length - programmed;
      assert.ok(grown <= pages * 256 && grown > (pages - 1) * 200, `${length}: ${grown}`);
    }
  });

  it("lives through restarts with its id, and is born with a new one on another flash", () => {
    const flash = new StrictFlash(8);
    const log = open(flash, 5);
    log.append("access", bytesOf(10, 1));
    assert.deepEqual(open(flash.restarted(), 6).logId, log.logId);
    assert.notDeepEqual(open(new StrictFlash(8), 6).logId, log.logId);
    assert.equal(log.logId.length, 8);
  });

  it("never gives a number twice, whatever happens between", () => {
    let flash = new StrictFlash(8);
    const given = new Set<number>();
    let last = 0;
    for (let boot = 0; boot < 30; boot++) {
      const log = open(flash);
      for (let n = 0; n < boot % 4; n++) {
        const number = log.append(n === 0 ? "access" : "telemetry", bytesOf(20, n));
        assert.ok(number > last && !given.has(number), `${number} after ${last}`);
        given.add(number);
        last = number;
      }
      flash = flash.restarted();
    }
  });

  it("marks never go back, and what has no number yet cannot be marked", () => {
    const log = open(new StrictFlash(8));
    const numbers = [1, 2, 3].map((n) => log.append("telemetry", bytesOf(20, n)));
    log.markUploaded("telemetry", numbers[1]!);
    log.markUploaded("telemetry", numbers[0]!);
    log.markUploaded("telemetry", numbers[1]!);
    assert.deepEqual(numbersIn(log), [numbers[2]]);
    assert.throws(() => log.markUploaded("telemetry", numbers[2]! + 1), RangeError);
    assert.throws(() => log.markUploaded("access", 1e9), RangeError);
  });

  it("does not spend a page on a mark: the next event takes it along", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    const number = log.append("telemetry", bytesOf(20, 1));
    const { operations } = flash;
    log.markUploaded("telemetry", number);
    assert.equal(flash.operations, operations);
    // A power cut now means a repeat and not a loss.
    assert.deepEqual(numbersIn(open(flash.restarted())), [number]);
    const next = log.append("access", bytesOf(20, 1));
    assert.deepEqual(numbersIn(open(flash.restarted())), [next]);
  });

  it("repeats few events after a power cut, however long the backlog was", () => {
    const flash = new StrictFlash(32);
    const log = open(flash);
    for (let n = 0; n < 300; n++) log.append("telemetry", bytesOf(60, n));
    const { operations } = flash;
    while (log.pending(ALL).length > 0) {
      for (const { eventClass, sequence } of log.pending({ eventsMax: 23, bytesMax: 9999 }))
        log.markUploaded(eventClass, sequence);
      assert.ok(open(flash.restarted()).pending(ALL).length <= log.pending(ALL).length + 32 + 23);
    }
    assert.ok(flash.operations - operations <= 12, `${flash.operations - operations} operations`);
  });

  it("keeps to its region of the flash, beside the journal of keys", () => {
    const flash = new StrictFlash(16);
    const journal = new Journal(new FlashRegion(flash, 0, 6 * 4096));
    journal.set("node.key", bytesOf(32, 9));
    const before = flash.bytes.slice(0, 6 * 4096);
    const region = new FlashRegion(flash, 6 * 4096, 10 * 4096);
    const log = open(region);
    for (let n = 0; n < 500; n++) log.append("telemetry", bytesOf(60, n));
    assert.deepEqual(flash.bytes.slice(0, 6 * 4096), before);
    for (let n = 0; n < 500; n++) journal.set("count", Uint8Array.of(n, n >> 8));
    assert.equal(numbersIn(open(region)).length, log.statistics.telemetry.pending);
    assert.throws(() => region.read(10 * 4096 - 1, 2), RangeError);
    assert.throws(() => region.erase(10 * 4096), RangeError);
    assert.throws(() => new FlashRegion(flash, 6 * 4096, 11 * 4096), RangeError);
    assert.throws(() => new FlashRegion(flash, 100, 4096), RangeError);
  });

  it("does not take a journal for events, nor events for a journal", () => {
    const flash = new StrictFlash(8);
    new Journal(flash).set("k", bytesOf(40, 1));
    const log = open(flash);
    assert.deepEqual(log.pending(ALL), []);
    for (let n = 0; n < 200; n++) log.append("telemetry", bytesOf(40, n));
    assert.deepEqual(new Journal(flash.restarted()).keys(), []);
  });

  it("refuses a region that is too small", () => {
    assert.throws(
      () => open(new StrictFlash(4)),
      (error: unknown) => isLatchkeyError(error, "storage-failed"),
    );
  });
});

describe("event log without room", () => {
  it("drops the oldest telemetry, and says so in one event once the network is back", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    const numbers: number[] = [];
    const access = log.append("access", bytesOf(40, 0));
    for (let n = 0; n < 400; n++) numbers.push(log.append("telemetry", bytesOf(60, n)));
    const kept = numbersIn(log);
    const lost = numbers.filter((number) => !kept.includes(number));
    assert.ok(kept.length > 50 && kept.includes(access) && kept.includes(numbers.at(-1)!));
    assert.deepEqual(lost, numbers.slice(0, lost.length), "the oldest");
    assert.deepEqual(dropsIn(log), []);
    log.markUploaded("access", access);
    log.markUploaded("telemetry", kept.at(-20)!);
    const [drop, ...others] = dropsIn(log);
    assert.deepEqual(others, []);
    assert.deepEqual(drop!.dropped, { count: lost.length, first: lost[0], last: lost.at(-1) });
    assert.equal(drop!.eventClass, "telemetry");
    assert.equal(log.pending(ALL).at(-1)!.sequence, drop!.sequence);
    assert.equal(log.statistics.telemetry.dropped, lost.length);
  });

  it("remembers drops through power cuts, and reports them once", () => {
    let flash = new StrictFlash(8);
    for (let boot = 0; boot < 40; boot++) {
      const log = open(flash);
      for (let n = 0; n < 10; n++) log.append("telemetry", bytesOf(60, n));
      flash = flash.restarted();
    }
    const log = open(flash);
    const { pending, dropped, appended } = log.statistics.telemetry;
    assert.equal(appended, 400);
    assert.equal(pending + dropped, 400);
    log.markUploaded("telemetry", numbersIn(log)[30]!);
    const drops = dropsIn(open(flash.restarted()));
    assert.deepEqual(
      drops.map((drop) => drop.dropped.count),
      [dropped],
    );
    log.markUploaded("telemetry", drops[0]!.sequence);
    log.append("telemetry", bytesOf(60, 1));
    assert.deepEqual(dropsIn(open(flash.restarted())), []);
  });

  it("adds a report of drops that must go itself to the next one", () => {
    const log = open(new StrictFlash(6));
    let uploaded = 0;
    for (let n = 0; n < 90; n++) log.append("telemetry", bytesOf(60, n));
    for (const { sequence } of log.pending({ eventsMax: 16, bytesMax: 9999 })) {
      log.markUploaded("telemetry", sequence);
      uploaded++;
    }
    assert.equal(dropsIn(log).length, 1);
    for (let n = 0; n < 90; n++) log.append("telemetry", bytesOf(60, n));
    assert.equal(dropsIn(log).length, 0);
    const left = log.pending(ALL);
    log.markUploaded("telemetry", left.at(-1)!.sequence);
    const [drop] = dropsIn(log);
    assert.equal(drop!.dropped.count + left.length + uploaded, 180);
  });

  it("keeps every access event that it accepted, and refuses those that have no room", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    for (let n = 0; n < 60; n++) log.append("telemetry", bytesOf(60, n));
    const accepted: number[] = [];
    let refused = 0;
    for (let n = 0; n < 500; n++) {
      try {
        accepted.push(log.append("access", bytesOf(60, n)));
      } catch (error) {
        assert.ok(full(error), String(error));
        refused++;
      }
    }
    assert.equal(log.statistics.refused, refused);
    assert.ok(refused > 0 && accepted.length > 50);
    const again = open(flash.restarted());
    const events = again.pending(ALL);
    const held = events.filter(({ eventClass }) => eventClass === "access");
    assert.deepEqual(
      held.map(({ sequence }) => sequence),
      accepted,
    );
    // Telemetry goes on in the sector that it keeps.
    const reading = log.append("telemetry", bytesOf(60, 1));
    assert.equal(numbersIn(log).at(-1), reading);
    // With the network back there is room again, and what was dropped is told.
    log.markUploaded("access", accepted.at(-1)!);
    log.append("access", bytesOf(60, 1));
    log.markUploaded("telemetry", reading);
    assert.ok(dropsIn(log)[0]!.dropped.count > 0);
  });

  it("sets a sector aside for telemetry that has not begun", () => {
    const log = open(new StrictFlash(8));
    assert.throws(() => {
      for (let n = 0; n < 500; n++) log.append("access", bytesOf(60, n));
    }, full);
    log.append("telemetry", bytesOf(60, 1));
    assert.equal(log.statistics.telemetry.pending, 1);
  });
});
