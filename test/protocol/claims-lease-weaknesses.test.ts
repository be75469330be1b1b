/** What was shown to be wrong with the reference's leases, by the names of docs/claims.md. */
import assert from "node:assert/strict";
import { referenceWatermark } from "../../protocol/claims/compat/lease-journal.ts";
import { LeaseKeeper } from "../../protocol/claims/lease.ts";
import { partition } from "../../protocol/claims/lease-range.ts";
import type { LeaseStore } from "../../protocol/claims/lease-store.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { rejectsCode } from "./error-code.ts";
import { FakeStorage } from "./fake-platform.ts";
import { begun, bench, copyOf, purpose, RANGE, seed } from "./lease-bench.ts";

/** A store that answers late, each call by another number of turns. */
function late(plain: LeaseStore): LeaseStore {
  let turn = 0;
  const wait = async () => {
    turn = (turn * 7 + 3) % 23;
    for (let i = turn; i > 0; i--) await Promise.resolve();
  };
  return {
    read: (keyId) => wait().then(() => plain.read(keyId)),
    replace: (...call) => wait().then(() => plain.replace(...call)),
    putEntry: (...call) => wait().then(() => plain.putEntry(...call)),
    entry: (...call) => wait().then(() => plain.entry(...call)),
  };
}

const all = (keepers: readonly LeaseKeeper[]) =>
  Promise.all(keepers.map((keeper) => keeper.reserve(seed, purpose)));

/** Whether what is given out is 0, 1, 2, … in any order. */
function areFirst(uses: readonly number[]): void {
  assert.deepEqual(
    [...uses].sort((a, b) => a - b),
    uses.map((_, i) => i),
  );
}

const WEAKNESSES: Readonly<Record<string, readonly [string, () => unknown]>> = {
  L1: [
    "the calls that are documented exist",
    () => {
      for (const name of ["create", "reserve", "split", "recover", "left", "audit"] as const)
        assert.equal(typeof LeaseKeeper.prototype[name], "function");
    },
  ],
  L2: [
    "a use that was reserved and never used does not come back, after any time or restart",
    async () => {
      const { keeper, store, witness } = await begun();
      await keeper.reserve(seed, purpose);
      for (let restart = 1; restart < 4; restart++)
        assert.equal(await bench(store, witness).keeper.reserve(seed, purpose), restart);
    },
  ],
  L3: [
    "the record is written before the use is given out",
    async () => {
      const { keeper, store } = await begun();
      const order: string[] = [];
      store.onOperation = (when, what) => {
        if (when === "after" && what.startsWith("set")) order.push("written");
      };
      await keeper.reserve(seed, purpose).then(() => order.push("given"));
      assert.deepEqual(order, ["written", "written", "given"]);
    },
  ],
  L4: [
    "a use is lost when a later write fails",
    async () => {
      const { keeper, witness } = await begun();
      witness.onOperation = (_, what) => {
        if (what.startsWith("set")) throw new Error("the disk is full");
      };
      await assert.rejects(keeper.reserve(seed, purpose), /full/);
      witness.onOperation = () => {};
      assert.equal(await keeper.reserve(seed, purpose), 1);
    },
  ],
  L5: [
    "reservations at the same time differ",
    async () => {
      const { keeper } = await begun();
      areFirst(await all(Array(8).fill(keeper)));
    },
  ],
  L6: [
    "so do the first ones, of a store that reads late",
    async () => {
      const { store, witness } = await begun();
      const { keeper } = bench(store, witness, late);
      areFirst(await all([keeper, keeper]));
    },
  ],
  L7: [
    "so do those of a store that answers in another order, and after a restart",
    async () => {
      const { store, witness } = await begun();
      const { keeper } = bench(store, witness, late);
      const uses = await all(Array(4).fill(keeper));
      areFirst([...uses, ...(await all([bench(store, witness).keeper]))]);
    },
  ],
  L8: [
    "so do those of two keepers on one store",
    async () => {
      const { store, witness } = await begun();
      const keepers = [bench(store, witness, late).keeper, bench(store, witness, late).keeper];
      areFirst(await all([...keepers, ...keepers]));
    },
  ],
  L9: [
    "a lost or old record is refused, whatever the journal says",
    async () => {
      const { keeper, store, witness } = await begun();
      const old = copyOf(store);
      for (let i = 0; i < 3; i++) await keeper.reserve(seed, purpose);
      await rejectsCode(bench(old, witness).keeper.reserve(seed, purpose), "lease-rolled-back");
      for (const key of store.values.keys()) if (!/\/\d+$/.test(key)) store.values.delete(key);
      await rejectsCode(bench(store, witness).keeper.reserve(seed, purpose), "lease-missing");
    },
  ],
  L10: [
    "an edited, cut or emptied journal is noticed, and its links need the seed",
    async () => {
      const { keeper, store } = await begun();
      for (let i = 0; i < 3; i++) await keeper.reserve(seed, purpose);
      const entries = [...store.values].filter(([key]) => /\/\d+$/.test(key));
      assert.equal(entries.length, 3);
      for (const [key, value] of entries) {
        store.values.set(
          key,
          Uint8Array.from(value, (byte, at) => (at === 40 ? byte ^ 1 : byte)),
        );
        await rejectsCode(keeper.audit(seed), "lease-corrupt");
        store.values.set(key, value);
      }
      for (const [key] of entries) store.values.delete(key);
      await rejectsCode(keeper.audit(seed), "lease-corrupt");
    },
  ],
  L11: [
    "what was reserved is nothing else afterwards: there is no state to turn back",
    async () => {
      const { keeper } = await begun();
      await keeper.reserve(seed, purpose, 2);
      await rejectsCode(keeper.reserve(seed, purpose, 2), "lease-spent");
      assert.equal((await keeper.audit(seed)).at(-1)!.event, "reserved");
    },
  ],
  L12: [
    "a use is an integer within the range",
    async () => {
      const { keeper } = await begun();
      for (const use of [64, 8, -5, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
        await rejectsCode(keeper.reserve(seed, purpose, use), "malformed");
    },
  ],
  L13: [
    "nothing is given out beyond the range, and nobody's word moves the counter",
    async () => {
      const { keeper } = await begun();
      await keeper.reserve(seed, purpose, 7);
      await rejectsCode(keeper.reserve(seed, purpose), "lease-exhausted");
      await keeper.recover(seed);
      await rejectsCode(keeper.reserve(seed, purpose), "lease-exhausted");
    },
  ],
  L14: [
    "every device of a new tree can reserve",
    async () => {
      const witness = new FakeStorage();
      for (let device = 0; device < 8; device++) {
        const range = partition({ devices: 8, device, capacity: 262_144 });
        const { keeper } = bench(new FakeStorage(), witness);
        await keeper.create(seed, range);
        assert.equal(await keeper.reserve(seed, purpose), device * 32_768);
      }
    },
  ],
  L15: [
    "a key's name is a hash: nobody can call it __proto__",
    async () => {
      const { store } = await begun();
      for (const key of store.values.keys()) assert.match(key, /^lease\/[0-9a-f]{16}(\/\d+)?$/);
    },
  ],
  L16: [
    "one seed has one counter",
    async () => {
      const { keeper } = await begun();
      const same = new Secret(seed.bytes.slice());
      areFirst([await keeper.reserve(seed, purpose), await keeper.reserve(same, purpose)]);
    },
  ],
  L17: [
    "a witness that objects, is lost or does not answer stops the reservation",
    async () => {
      const { keeper, store, witness } = await begun();
      await rejectsCode(bench(store).keeper.reserve(seed, purpose), "lease-missing");
      witness.onOperation = () => {
        throw new Error("no answer");
      };
      await assert.rejects(keeper.reserve(seed, purpose), /no answer/);
    },
  ],
  L18: [
    "a store of the reference is moved for the tree that is named",
    () => {
      const unavailable = { "0": "committed", "41": "reserved" };
      const storage = {
        totem_wots_watermark: { trees: { mine: { unavailable } } },
        totem_wots_journal: [],
      };
      assert.equal(referenceWatermark(storage, "mine", nobleCrypto), 42);
      assert.equal(referenceWatermark(storage, "__proto__", nobleCrypto), 0);
    },
  ],
  L19: [
    "the 100th reservation costs what the first did",
    async () => {
      const { keeper, store } = bench();
      await keeper.create(seed, { first: 0, end: 1000 });
      const lengths = async () => {
        let operations = 0;
        store.onOperation = () => operations++;
        await keeper.reserve(seed, purpose);
        return operations;
      };
      const first = await lengths();
      for (let i = 0; i < 98; i++) await keeper.reserve(seed, purpose);
      assert.equal(await lengths(), first);
    },
  ],
  L20: [
    "recovering goes forward only, and a range is of integers",
    async () => {
      const { keeper } = await begun();
      await keeper.reserve(seed, purpose, 4);
      await keeper.recover(seed);
      assert.equal(await keeper.reserve(seed, purpose), 5);
      const wrong = { first: 0, end: Number.NaN };
      await rejectsCode(bench().keeper.create(seed, wrong), "malformed", "range");
      assert.equal(RANGE.end, 8);
    },
  ],
};

describe("a weakness of the reference's leases is none here:", () => {
  for (const [name, [fact, check]] of Object.entries(WEAKNESSES))
    it(`${name}, ${fact}`, async () => void (await check()));

  it("all 20 are here", () => {
    assert.deepEqual(
      Object.keys(WEAKNESSES),
      Array.from({ length: 20 }, (_, i) => `L${i + 1}`),
    );
  });
});
