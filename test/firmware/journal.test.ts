import assert from "node:assert/strict";
import fc from "fast-check";
import { Journal } from "../../firmware/journal/journal.ts";
import { crc32 } from "../../protocol/encoding/crc32.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { lcg, StrictFlash } from "./strict-flash.ts";

const bytesOf = (length: number, seed: number): Uint8Array => {
  const next = lcg(seed);
  return Uint8Array.from({ length }, () => next() & 0xff);
};

function contents(journal: Journal): Map<string, string> {
  const map = new Map<string, string>();
  for (const key of journal.keys()) map.set(key, String(journal.get(key)));
  return map;
}

describe("journal", () => {
  it("computes the CRC-32 of the standard check string", () => {
    assert.equal(crc32(toUtf8("123456789")), 0xcbf43926);
    assert.equal(crc32(new Uint8Array(0)), 0);
  });

  it("keeps values over a restart", () => {
    const flash = new StrictFlash(4);
    const journal = new Journal(flash);
    journal.set("node.key", bytesOf(32, 1));
    journal.set("node.uid", toUtf8("abc"));
    journal.set("gone", toUtf8("x"));
    journal.delete("gone");
    const again = new Journal(flash.restarted());
    assert.deepEqual(again.keys(), ["node.key", "node.uid"]);
    assert.deepEqual(again.get("node.key"), bytesOf(32, 1));
    assert.equal(again.get("gone"), undefined);
  });

  it("stores an empty value and tells it from none", () => {
    const journal = new Journal(new StrictFlash(3));
    journal.set("empty", new Uint8Array(0));
    assert.deepEqual(journal.get("empty"), new Uint8Array(0));
  });

  it("hands out copies", () => {
    const journal = new Journal(new StrictFlash(3));
    journal.set("k", Uint8Array.of(1, 2, 3));
    journal.get("k")!.fill(9);
    assert.deepEqual(journal.get("k"), Uint8Array.of(1, 2, 3));
  });

  it("does not wear the flash when the value is there already", () => {
    const flash = new StrictFlash(3);
    const journal = new Journal(flash);
    journal.set("k", bytesOf(40, 3));
    const before = flash.operations;
    journal.set("k", bytesOf(40, 3));
    journal.delete("nothing");
    assert.equal(flash.operations, before);
  });

  it("writes nothing at all when it is only read", () => {
    const flash = new StrictFlash(3);
    new Journal(flash).set("k", bytesOf(40, 3));
    const again = flash.restarted();
    assert.deepEqual(new Journal(again).get("k"), bytesOf(40, 3));
    assert.equal(again.operations, 0);
  });

  it("spreads the wear evenly, beside values that never change", () => {
    const flash = new StrictFlash(5);
    const journal = new Journal(flash);
    for (let i = 0; i < 5; i++) journal.set(`fixed.${i}`, bytesOf(60, i));
    for (let i = 0; i < 2000; i++) journal.set("counter", Uint8Array.of(i & 255, i >> 8));
    const most = Math.max(...flash.erasures);
    const least = Math.min(...flash.erasures);
    assert.ok(most - least <= 1, `erasures ${flash.erasures.join(" ")}`);
    assert.deepEqual(journal.get("fixed.4"), bytesOf(60, 4));
  });

  it("is full at its capacity, says so without harm, and can still be overwritten and emptied", () => {
    const flash = new StrictFlash(3);
    const journal = new Journal(flash);
    let stored = 0;
    assert.throws(
      () => {
        for (; stored < 100; stored++) journal.set(`k${stored}`, bytesOf(50, stored));
      },
      (error: unknown) => isLatchkeyError(error, "storage-full"),
    );
    assert.equal(stored, journal.statistics.capacityPages);
    for (let i = 0; i < 50; i++) journal.set(`k${i % stored}`, bytesOf(50, 1000 + i));
    assert.equal(journal.keys().length, stored);
    for (let i = 0; i < stored; i++) journal.delete(`k${i}`);
    assert.deepEqual(new Journal(flash.restarted()).keys(), []);
  });

  it("refuses a value that is too long, before it writes", () => {
    const flash = new StrictFlash(3);
    const journal = new Journal(flash);
    assert.throws(
      () => journal.set("k", new Uint8Array(1100)),
      (error: unknown) => isLatchkeyError(error, "storage-full"),
    );
    assert.equal(flash.operations, 0);
  });

  it("refuses a region that is too small", () => {
    assert.throws(
      () => new Journal(new StrictFlash(2)),
      (error: unknown) => isLatchkeyError(error, "storage-failed"),
    );
  });

  it("cannot be fooled by a value that contains a record", () => {
    const flash = new StrictFlash(4);
    const inner = new StrictFlash(3);
    new Journal(inner).set("node.key", bytesOf(32, 66));
    const forged = inner.read(256, 256);
    // The forged record at every offset of a long value, so that it also begins on a page.
    const long = new Uint8Array(980).fill(0x11);
    for (const start of [0, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240]) {
      const value = long.slice();
      value.set(forged, start);
      new Journal(flash.restarted()).set("value", value);
      const torn = new StrictFlash(4);
      const journal = new Journal(torn);
      journal.set("value", value);
      // Its first page is destroyed: the rest must not come to life.
      torn.bytes.fill(0, 256, 512);
      assert.deepEqual(new Journal(torn).keys(), []);
    }
  });

  it("goes round pages with stuck bits", () => {
    const flash = new StrictFlash(4);
    flash.stuckLow.set(256 + 20, 0xff);
    flash.stuckLow.set(2 * 256 + 3, 0x01);
    // Erased pages then do not read as erased, so the whole sector is avoided.
    const journal = new Journal(flash);
    for (let i = 0; i < 200; i++) journal.set("counter", bytesOf(33, i));
    assert.deepEqual(journal.get("counter"), bytesOf(33, 199));
    assert.equal(journal.statistics.badSectors, 1);
  });

  it("says storage-corrupt when a value is damaged while it runs, and takes a new one", () => {
    const flash = new StrictFlash(3);
    const journal = new Journal(flash);
    journal.set("k", bytesOf(32, 1));
    flash.bytes[256 + 30]! ^= 4;
    assert.throws(
      () => journal.get("k"),
      (error: unknown) => isLatchkeyError(error, "storage-corrupt"),
    );
    journal.set("k", bytesOf(32, 1));
    assert.deepEqual(journal.get("k"), bytesOf(32, 1));
  });

  it("agrees with a Map over random operations and restarts", () => {
    const key = fc.constantFrom("a", "b", "node.key", "node.uid", "x".repeat(64));
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant("set"), key, fc.nat({ max: 900 })) },
      { weight: 2, arbitrary: fc.tuple(fc.constant("delete"), key, fc.constant(0)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("restart"), key, fc.constant(0)) },
    );
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 120 }),
        fc.integer({ min: 4, max: 8 }),
        (ops, n) => {
          let flash = new StrictFlash(n);
          let journal = new Journal(flash);
          const oracle = new Map<string, string>();
          for (const [index, [what, name, length]] of ops.entries()) {
            if (what === "restart") {
              flash = flash.restarted();
              journal = new Journal(flash);
            } else if (what === "delete") {
              journal.delete(name);
              oracle.delete(name);
            } else {
              const value = bytesOf(length, index);
              try {
                journal.set(name, value);
                oracle.set(name, String(value));
              } catch (error) {
                assert.ok(isLatchkeyError(error, "storage-full"), String(error));
              }
            }
          }
          assert.deepEqual(contents(journal), new Map([...oracle].sort()));
          assert.deepEqual(contents(new Journal(flash.restarted())), new Map([...oracle].sort()));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("mounts any content of the flash without a crash", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 3 }), (seed, noise) => {
        const flash = new StrictFlash(4);
        const journal = new Journal(flash);
        for (let i = 0; i < 60; i++) journal.set(`k${i % 5}`, bytesOf((i * 37) % 700, i));
        const next = lcg(seed);
        for (let i = 0; i < 10 ** noise; i++) flash.bytes[next() % flash.sizeBytes] = next() & 0xff;
        const damaged = new Journal(flash.restarted());
        for (const name of damaged.keys()) assert.ok(damaged.get(name));
      }),
      { numRuns: 60 },
    );
  });
});
