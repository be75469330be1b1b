import assert from "node:assert/strict";
import fc from "fast-check";
import { partition } from "../../protocol/claims/lease-range.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";
import { FakeStorage } from "./fake-platform.ts";
import { begun, bench, copyOf, purpose, RANGE, seed } from "./lease-bench.ts";

describe("the uses of a key", () => {
  it("are given out once each, in order, until there are none", async () => {
    const { keeper } = await begun();
    for (let use = 0; use < 8; use++) assert.equal(await keeper.reserve(seed, purpose), use);
    await rejectsCode(keeper.reserve(seed, purpose), "lease-exhausted");
    assert.equal(await keeper.left(seed), 0);
  });

  it("go on after a restart where they were", async () => {
    const { keeper, store, witness } = await begun();
    await keeper.reserve(seed, purpose);
    assert.equal(await bench(store, witness).keeper.reserve(seed, purpose), 1);
  });

  it("may be chosen, but not again and not backwards", async () => {
    const { keeper } = await begun();
    assert.equal(await keeper.reserve(seed, purpose, 3), 3);
    for (const spent of [0, 2, 3])
      await rejectsCode(keeper.reserve(seed, purpose, spent), "lease-spent");
    assert.equal(await keeper.reserve(seed, purpose), 4);
    for (const wrong of [8, -1, 0.5, Number.NaN, 2 ** 53])
      await rejectsCode(keeper.reserve(seed, purpose, wrong), "malformed", undefined);
  });

  it("are counted for the seed, whatever anybody calls it", async () => {
    const { keeper } = await begun();
    await keeper.reserve(seed, purpose);
    await rejectsCode(keeper.create(new Secret(seed.bytes.slice()), RANGE), "conflict");
  });

  it("are unknown for a key that was never begun: nothing starts at 0 by itself", async () => {
    const { keeper } = bench();
    await rejectsCode(keeper.reserve(seed, purpose), "lease-missing");
  });

  it("are refused for anything but a digest of 32 bytes", async () => {
    const { keeper } = await begun();
    await rejectsCode(keeper.reserve(seed, new Uint8Array(31)), "malformed", "purpose");
  });

  it("differ between reservations that run at the same time", async () => {
    const { keeper, store, witness } = await begun();
    const other = bench(store, witness).keeper;
    const uses = await Promise.all(
      [keeper, other, keeper, other, keeper].map((one) => one.reserve(seed, purpose)),
    );
    assert.deepEqual([...uses].sort(), [0, 1, 2, 3, 4]);
  });
});

describe("a reservation between whose reads another one is made", () => {
  it("begins anew, and does not take the store for one that was put back", async () => {
    const { keeper: other, store, witness } = await begun();
    let reads = 0;
    const { keeper } = bench(store, witness, (plain) => ({
      read: async (keyId) => {
        const record = await plain.read(keyId);
        if (++reads === 1) assert.equal(await other.reserve(seed, purpose), 0);
        return record;
      },
      replace: (...call) => plain.replace(...call),
      putEntry: (...call) => plain.putEntry(...call),
      entry: (...call) => plain.entry(...call),
    }));
    assert.equal(await keeper.reserve(seed, purpose), 1);
    assert.equal((await keeper.audit(seed)).length, 3);
  });
});

describe("a lease store that was put back", () => {
  it("is noticed by the witness, and nothing is given out", async () => {
    const { keeper, store, witness } = await begun();
    await keeper.reserve(seed, purpose);
    const old = copyOf(store);
    await keeper.reserve(seed, purpose);
    const { keeper: restored } = bench(old, witness);
    await rejectsCode(restored.reserve(seed, purpose), "lease-rolled-back");
    await restored.recover(seed);
    assert.equal(await restored.reserve(seed, purpose), 2);
  });

  it("is noticed when it was lost altogether", async () => {
    const { keeper, witness } = await begun();
    await keeper.reserve(seed, purpose);
    const { keeper: empty } = bench(new FakeStorage(), witness);
    await rejectsCode(empty.reserve(seed, purpose), "lease-missing");
    await rejectsCode(empty.create(seed, RANGE), "conflict");
    await rejectsCode(empty.create(seed, { first: 5, end: 20 }), "conflict");
  });

  it("from before a split is noticed", async () => {
    const { keeper, store, witness } = await begun();
    const old = copyOf(store);
    await keeper.split(seed, 3);
    await rejectsCode(bench(old, witness).keeper.reserve(seed, purpose), "lease-rolled-back");
    const { keeper: restored } = bench(old, witness);
    await restored.recover(seed);
    assert.equal(await restored.left(seed), 5);
  });

  it("with a lost witness is not trusted", async () => {
    const { store } = await begun();
    await rejectsCode(bench(store).keeper.reserve(seed, purpose), "lease-missing");
  });
});

describe("the journal of leases", () => {
  it("tells what each use was for", async () => {
    const { keeper } = await begun();
    await keeper.reserve(seed, purpose);
    await keeper.reserve(seed, purpose, 4);
    const entries = await keeper.audit(seed);
    assert.deepEqual(
      entries.map(({ event, use, sequence }) => [sequence, event, use]),
      [
        [0, "created", 0],
        [1, "reserved", 0],
        [2, "reserved", 4],
      ],
    );
    assert.deepEqual(entries[2]!.purpose, purpose);
  });

  it("notices every changed byte, of record and entries", async () => {
    const { keeper, store } = await begun();
    for (let i = 0; i < 3; i++) await keeper.reserve(seed, purpose);
    for (const [key, value] of [...store.values]) {
      for (const at of [0, 1, 8, 20, 40, 60, value.length - 1]) {
        const changed = value.slice();
        changed[at] = changed[at]! ^ 1;
        store.values.set(key, changed);
        await rejectsCode(keeper.audit(seed), "lease-corrupt");
      }
      store.values.set(key, value);
    }
    assert.equal((await keeper.audit(seed)).length, 4);
  });

  it("notices a missing entry, at the beginning, in the middle and at the end", async () => {
    const { keeper, store } = await begun();
    for (let i = 0; i < 3; i++) await keeper.reserve(seed, purpose);
    for (const [key, value] of [...store.values]) {
      if (!/\/\d+$/.test(key)) continue;
      store.values.delete(key);
      await rejectsCode(keeper.audit(seed), "lease-corrupt");
      store.values.set(key, value);
    }
  });
});

describe("a crash during a reservation", () => {
  class Crash extends Error {}

  it("at any operation loses a use at most, and never gives one out twice", async () => {
    for (let at = 1; ; at++) {
      const { keeper, store, witness } = await begun();
      const given = [await keeper.reserve(seed, purpose)];
      let operations = 0;
      const tick = () => {
        if (++operations === at) throw new Crash();
      };
      store.onOperation = tick;
      witness.onOperation = tick;
      const crashed = await keeper.reserve(seed, purpose).then(
        (use) => !given.push(use),
        (error) => error instanceof Crash,
      );
      store.onOperation = () => {};
      witness.onOperation = () => {};
      const after = bench(store, witness).keeper;
      given.push(await after.reserve(seed, purpose));
      assert.equal(new Set(given).size, given.length, `operation ${at}`);
      assert.ok(given.at(-1)! <= 2, "one use is lost at most");
      await after.audit(seed);
      if (!crashed) break;
      assert.ok(at < 100);
    }
  });

  it("during the beginning leaves a key that can begin again", async () => {
    for (let at = 1; ; at++) {
      const { keeper, store, witness } = bench();
      let operations = 0;
      const tick = () => {
        if (++operations === at) throw new Crash();
      };
      store.onOperation = tick;
      witness.onOperation = tick;
      const crashed = await keeper.create(seed, RANGE).then(
        () => false,
        () => true,
      );
      store.onOperation = () => {};
      witness.onOperation = () => {};
      const after = bench(store, witness).keeper;
      await after.create(seed, RANGE).catch(() => {}); // it may have been done
      assert.equal(await after.reserve(seed, purpose), 0, `operation ${at}`);
      if (!crashed) break;
    }
  });
});

describe("several devices with one key", () => {
  it("have parts that cover the whole and do not overlap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 5000 }),
        (n, more) => {
          const capacity = n + more;
          let end = 0;
          for (let device = 0; device < n; device++) {
            const range = partition({ devices: n, device, capacity });
            assert.equal(range.first, end);
            assert.ok(range.end > range.first);
            end = range.end;
          }
          assert.equal(end, capacity);
        },
      ),
    );
    for (const wrong of [
      { devices: 0, device: 0, capacity: 8 },
      { devices: 9, device: 0, capacity: 8 },
      { devices: 2, device: 2, capacity: 8 },
      { devices: 2, device: -1, capacity: 8 },
    ])
      throwsCode(() => partition(wrong), "malformed");
  });

  it("all sign, each with its own uses", async () => {
    const witness = new FakeStorage();
    const given: number[] = [];
    for (let device = 0; device < 8; device++) {
      const { keeper } = bench(new FakeStorage(), witness);
      await keeper.create(seed, partition({ devices: 8, device, capacity: 16 }));
      given.push(await keeper.reserve(seed, purpose), await keeper.reserve(seed, purpose));
      await rejectsCode(keeper.reserve(seed, purpose), "lease-exhausted");
    }
    assert.deepEqual(
      [...given].sort((a, b) => a - b),
      Array.from({ length: 16 }, (_, i) => i),
    );
  });

  it("may be given a part of what is left, later", async () => {
    const { keeper, witness } = await begun();
    await keeper.reserve(seed, purpose);
    const part = await keeper.split(seed, 3);
    assert.deepEqual(part, { first: 5, end: 8 });
    const { keeper: other } = bench(new FakeStorage(), witness);
    await other.create(seed, part);
    assert.equal(await other.reserve(seed, purpose), 5);
    assert.equal(await keeper.left(seed), 4);
    await rejectsCode(keeper.split(seed, 5), "lease-exhausted");
    for (const wrong of [0, -1, 0.5]) await rejectsCode(keeper.split(seed, wrong), "malformed");
  });

  it("are not begun with ranges that are none", async () => {
    const { keeper } = bench();
    for (const [first, end] of [
      [0, 0],
      [3, 2],
      [-1, 2],
      [0, 2 ** 33],
      [0.5, 2],
      [0, Number.NaN],
    ])
      await rejectsCode(keeper.create(seed, { first: first!, end: end! }), "malformed");
  });
});

describe("what a reservation costs", () => {
  it("does not grow: the same operations on the same few bytes, whether the first or the 200th", async () => {
    const { keeper, store, witness } = bench();
    await keeper.create(seed, { first: 0, end: 1000 });
    const cost = async () => {
      const seen: string[] = [];
      const note = (when: string, what: string) => {
        if (when === "before") seen.push(what.replace(/\/\d+$/, "/n"));
      };
      store.onOperation = note;
      witness.onOperation = note;
      await keeper.reserve(seed, purpose);
      return [...seen];
    };
    const first = await cost();
    for (let i = 0; i < 198; i++) await keeper.reserve(seed, purpose);
    assert.deepEqual(await cost(), first);
    const lengths = [...store.values.values(), ...witness.values.values()].map((v) => v.length);
    assert.ok(Math.max(...lengths) < 200);
  });
});
