import assert from "node:assert/strict";
import fc from "fast-check";
import { PAGE_RECORD } from "../../firmware/journal/page.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { ALL, bytesOf, numbersIn, open } from "./event-log-kit.ts";
import { countReads } from "./event-wear.ts";
import { lcg, StrictFlash } from "./strict-flash.ts";

describe("event log on flash that fails", () => {
  it("finds a sector's events when its header is damaged", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    for (let n = 0; n < 70; n++) log.append(n % 5 === 0 ? "access" : "telemetry", bytesOf(60, n));
    const events = log.pending(ALL);
    for (let sector = 0; sector < 8; sector++) {
      for (const at of [1, 6, 20, 60]) {
        const worn = flash.restarted();
        worn.bytes[sector * 4096 + at]! ^= 0x20;
        const again = open(worn, 2);
        assert.deepEqual(again.pending(ALL), events, `byte ${at} of sector ${sector}`);
        assert.deepEqual(again.logId, log.logId);
        const next = again.append("telemetry", bytesOf(60, 1));
        assert.ok(next > Math.max(...events.map(({ sequence }) => sequence)));
        assert.deepEqual(numbersIn(open(worn.restarted())).at(-1), next);
      }
    }
  });

  it("loses one event and no other to a bit that fell over, and counts the page", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    const numbers = Array.from({ length: 10 }, (_, n) => log.append("telemetry", bytesOf(60, n)));
    for (let page = 1; page <= 10; page++) {
      const worn = flash.restarted();
      worn.bytes[page * 256 + 50]! ^= 1;
      const again = open(worn);
      assert.deepEqual(
        numbersIn(again),
        numbers.filter((_, n) => n !== page - 1),
      );
      assert.equal(again.statistics.damagedPages, 1);
      assert.ok(again.append("access", bytesOf(9, 1)) > numbers.at(-1)!);
    }
  });

  it("goes round stuck cells and worn sectors without losing what it acknowledged", () => {
    const flash = new StrictFlash(10);
    flash.stuckLow.set(256 + 20, 0xff);
    flash.stuckLow.set(3 * 4096 + 700, 0x01);
    const log = open(flash);
    const numbers = Array.from({ length: 80 }, (_, n) => log.append("telemetry", bytesOf(60, n)));
    assert.equal(log.statistics.badSectors, 2);
    assert.deepEqual(numbersIn(open(flash.restarted())), numbers.slice(-numbersIn(log).length));
    assert.ok(numbersIn(log).length >= 5 * 15);
  });

  it("passes over a cell that gets stuck under a page, and writes the event on the next", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    const first = log.append("telemetry", bytesOf(60, 1));
    flash.stuckLow.set(2 * 256 + 5, 0x01);
    flash.stuckLow.set(3 * 256 + 60, 0xff);
    const second = log.append("telemetry", bytesOf(60, 2));
    assert.equal(second, first + 1);
    assert.deepEqual(numbersIn(log), [first, second]);
    assert.deepEqual(numbersIn(open(flash.restarted())), [first, second]);
  });

  it("gives an event once when the page that seemed to fail is whole one day", () => {
    const flash = new StrictFlash(8);
    let lies = 1;
    const log = open({
      ...countReads(flash).flash,
      read: (offset, length) => {
        const bytes = flash.read(offset, length);
        // Of the first record that is read back, a bit is not what was written.
        if (lies > 0 && bytes[0] === PAGE_RECORD) {
          lies--;
          bytes[60]! ^= 1;
        }
        return bytes;
      },
    });
    const numbers = [log.append("telemetry", bytesOf(60, 2)), log.append("access", bytesOf(60, 3))];
    assert.equal(lies, 0);
    assert.deepEqual(numbersIn(log), [numbers[1], numbers[0]]);
    assert.deepEqual(numbersIn(open(flash.restarted())), [numbers[1], numbers[0]]);
  });

  it("gives no number and no page again that was readable at one boot and not at the next", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    log.append("telemetry", bytesOf(60, 1));
    const before = flash.restarted();
    // The power went as this was written: it counts as not acknowledged, and can be read.
    log.append("telemetry", bytesOf(60, 2));
    const seen = numbersIn(open(flash.restarted())).at(-1)!;
    const again = open(before);
    assert.ok(again.append("telemetry", bytesOf(60, 3)) > seen);
    assert.ok(
      before.bytes.slice(512, 768).every((byte) => byte === 0xff),
      "the page is left alone",
    );
  });

  it("takes no page for an event that stands in another sector than it was written for", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    const numbers = Array.from({ length: 20 }, (_, n) => log.append("telemetry", bytesOf(60, n)));
    flash.bytes.copyWithin(4096 + 9 * 256, 256, 512);
    assert.deepEqual(numbersIn(open(flash.restarted())), numbers);
  });

  it("does not append to a sector that was dropped by a header that cannot be read now", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    for (let n = 0; n < 13; n++) log.append("telemetry", bytesOf(60, n));
    for (let n = 0; n < 65; n++) log.append("access", bytesOf(60, n));
    // Does not fit behind the 13, which must go, since there are access events everywhere else.
    log.append("telemetry", bytesOf(900, 77));
    assert.equal(log.statistics.telemetry.dropped, 13);
    log.append("access", bytesOf(60, 99));
    const sector = flash.erasures.findIndex((_, index) =>
      holds(flash.bytes.slice(index * 4096, (index + 1) * 4096), bytesOf(900, 77).slice(0, 50)),
    );
    flash.bytes.fill(0, sector * 4096, sector * 4096 + 5 * 256);
    const again = open(flash);
    const number = again.append("telemetry", bytesOf(60, 7));
    assert.equal(numbersIn(again).at(-1), number);
    assert.equal(numbersIn(open(flash.restarted())).at(-1), number);
  });

  it("works on while sectors wear out, and says storage-failed when the last spare is gone", () => {
    const flash = new FlashModel({ rng: new Prng("worn", "flash"), sizeBytes: 12 * 4096 });
    const log = open(flash);
    let sequence = 0;
    const append = () => {
      sequence = log.append("telemetry", bytesOf(60, sequence));
    };
    for (let sector = 0; sector < 6; sector++) {
      flash.wearOut(sector);
      for (let n = 0; n < 200; n++) append();
      assert.equal(log.statistics.badSectors, sector + 1);
      assert.equal(numbersIn(log).at(-1), sequence);
    }
    for (let sector = 6; sector < 12; sector++) flash.wearOut(sector);
    const held = () => numbersIn(open(flash)).join();
    assert.throws(
      () => {
        for (let n = 0; n < 200; n++) append();
      },
      (error: unknown) => isLatchkeyError(error, "storage-failed"),
    );
    assert.equal(numbersIn(log).at(-1), sequence);
    assert.equal(held(), numbersIn(log).join());
  });

  it("starts anew on a flash full of anything, with an id of its own", () => {
    const next = lcg(4);
    const flash = new StrictFlash(8);
    for (let at = 0; at < flash.sizeBytes; at++) flash.bytes[at] = next() & 0xff;
    const log = open(flash);
    assert.deepEqual(log.pending(ALL), []);
    const numbers = Array.from({ length: 50 }, (_, n) => log.append("telemetry", bytesOf(60, n)));
    assert.deepEqual(numbersIn(open(flash.restarted(), 2)), numbers);
    assert.deepEqual(open(flash.restarted(), 2).logId, log.logId);
  });

  it("leaves out sectors of a log that stood there before", () => {
    const flash = new StrictFlash(8);
    const old = open(flash, 1);
    for (let n = 0; n < 180; n++) old.append("telemetry", bytesOf(60, n));
    const other = new StrictFlash(8);
    const log = open(other, 2);
    for (let n = 0; n < 200; n++) log.append("telemetry", bytesOf(60, n));
    const events = log.pending(ALL);
    // Two of the other log's sectors, where this one has nothing.
    const mixed = other.restarted();
    const free = [...Array(8).keys()].filter((sector) => {
      const blank = mixed.bytes.slice(sector * 4096, (sector + 1) * 4096);
      return !events.some((event) => "data" in event && holds(blank, event.data));
    });
    for (const sector of free) mixed.bytes.set(flash.bytes.slice(4096, 8192), sector * 4096);
    assert.ok(free.length > 0);
    assert.deepEqual(open(mixed).pending(ALL), events);
  });

  it("mounts any damage without a crash, and never makes an event up", () => {
    const flash = new StrictFlash(8);
    const log = open(flash);
    for (let n = 0; n < 150; n++) log.append(n % 7 === 0 ? "access" : "telemetry", bytesOf(90, n));
    const known = new Map(log.pending(ALL).map((event) => [event.sequence, event]));
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 4 }), (seed, noise) => {
        const next = lcg(seed);
        const damaged = flash.restarted();
        for (let i = 0; i < 10 ** noise; i++)
          damaged.bytes[next() % flash.sizeBytes]! &= next() & 0xff;
        const again = open(damaged, 3);
        const same = String(again.logId) === String(log.logId);
        for (const event of again.pending(ALL))
          if (same && known.has(event.sequence)) assert.deepEqual(event, known.get(event.sequence));
        for (let n = 0; n < 40; n++) {
          const sequence = again.append("telemetry", bytesOf(30, n));
          assert.ok(!same || !known.has(sequence));
        }
      }),
      { numRuns: 40 },
    );
  });
});

function holds(bytes: Uint8Array, part: Uint8Array): boolean {
  return bytes.some((_, at) => part.every((byte, n) => bytes[at + n] === byte));
}
