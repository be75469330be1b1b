import assert from "node:assert/strict";
import { resumeLease } from "../../protocol/claims/lease-resume.ts";
import {
  StorageLeaseStore,
  StorageLeaseWitness,
} from "../../protocol/claims/storage-lease-store.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { rejectsCode } from "./error-code.ts";
import { FakeStorage } from "./fake-platform.ts";
import { begun, bench, copyOf, purpose, RANGE, seed } from "./lease-bench.ts";

function resume(store: FakeStorage, witness: FakeStorage, ahead: number) {
  const { keeper } = bench(store, witness);
  const options = {
    ...{ sha3, nowMs: () => 1_767_225_600_000 },
    store: new StorageLeaseStore(store),
    witness: new StorageLeaseWitness(witness),
  };
  return resumeLease(options, keeper, seed, RANGE, ahead).then(() => keeper);
}

/** A key of which two uses were given out, and a copy of its record from before the second. */
async function used() {
  const all = await begun();
  await all.keeper.reserve(seed, purpose);
  const old = copyOf(all.store);
  await all.keeper.reserve(seed, purpose);
  return { ...all, old };
}

describe("a key whose count is lost", () => {
  it("goes on past what may have been given out when its witness is gone", async () => {
    const { old } = await used();
    const witness = new FakeStorage();
    await rejectsCode(bench(old, witness).keeper.reserve(seed, purpose), "lease-missing");
    const keeper = await resume(old, witness, 3);
    assert.equal(await keeper.reserve(seed, purpose), 4, "1 in the copy, and 3 given up");
    const events = (await keeper.audit(seed)).map(({ event }) => event);
    assert.deepEqual(events, ["created", "reserved", "recovered", "reserved"]);
  });

  it("goes on past what the witness saw when its record is gone", async () => {
    const { witness } = await used();
    const keeper = await resume(new FakeStorage(), witness, 1);
    assert.equal(await keeper.reserve(seed, purpose), 3);
    assert.deepEqual(
      (await keeper.audit(seed)).map(({ event }) => event),
      ["recovered", "reserved"],
    );
  });

  it("goes on as many uses from the beginning when both are gone", async () => {
    const keeper = await resume(new FakeStorage(), new FakeStorage(), 5);
    assert.equal(await keeper.reserve(seed, purpose), 5);
    assert.equal(await keeper.left(seed), 2);
  });

  it("leaves to other devices what the witness knows of them", async () => {
    const { keeper, witness } = await begun();
    const given = await keeper.split(seed, 3);
    await bench(new FakeStorage(), witness).keeper.create(seed, given);
    const again = await resume(new FakeStorage(), witness, 1);
    assert.equal(await again.left(seed), 4, "1 to 4 of 0 to 4");
    await rejectsCode(resume(new FakeStorage(), witness, 6), "lease-exhausted");
  });

  it("is not resumed when nothing is lost, when too little is left, or by no number", async () => {
    const { store, witness, old } = await used();
    await rejectsCode(resume(store, witness, 1), "conflict");
    await rejectsCode(resume(old, witness, 1), "conflict");
    const nothing = () => [new FakeStorage(), new FakeStorage()] as const;
    await rejectsCode(resume(...nothing(), 9), "lease-exhausted");
    for (const wrong of [0, -1, 0.5, Number.NaN, 2 ** 53])
      await rejectsCode(resume(...nothing(), wrong), "malformed");
  });

  it("gives nothing out twice when it is cut off in the middle", async () => {
    for (let writes = 0; writes < 6; writes++) {
      const { old } = await used();
      const witness = new FakeStorage();
      let left = writes;
      const cut = (storage: FakeStorage) => {
        const put = storage.set.bind(storage);
        storage.set = (key, value) => {
          if (left-- <= 0) throw new Error("cut");
          put(key, value);
        };
      };
      for (const storage of [old, witness]) cut(storage);
      await resume(old, witness, 3).catch((error) => assert.match(String(error), /cut/));
      left = 1000;
      // Whatever was written: to go on needs one of the two recoveries, and never gives out 0 or 1.
      const { keeper } = bench(old, witness);
      await keeper.recover(seed).catch(() => resume(old, witness, 3));
      assert.ok((await keeper.reserve(seed, purpose)) >= 4, `${writes} writes`);
    }
  });
});
