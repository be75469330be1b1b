import assert from "node:assert/strict";
import type { HumanChange } from "../../server/store/humans.ts";
import type { Records } from "../../server/store/records.ts";
import { addTenant, key, RECORD_STORES, type ScratchStore, SEALED } from "./record-stores.ts";

const entry = (kind: string) => ({ tenantId: "t", at: 1, kind, data: {} });

const change = (replaces: number, more: Partial<HumanChange> = {}): HumanChange => ({
  ...{ tenantId: "t", account: key(1), replaces, sealed: Uint8Array.of(0, 255, replaces) },
  ...{ identifiers: [], revoked: [], entry: entry("human-changed") },
  ...more,
});

/** As large as an account with a few hundred identifiers. */
const LARGE = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) ^ (i >> 8));

for (const { name, make } of RECORD_STORES)
  describe(`people in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    beforeEach(async function () {
      store = await make(this);
      records = await store.open();
      await addTenant(records, "t");
      await addTenant(records, "u");
    });
    afterEach(() => store?.drop());

    const kinds = async () => (await records.auditRows("t", 100)).map(({ kind }) => kind);
    const value = async (index: number) =>
      (await records.statuses("t", 1)).set.find((one) => one.index === index)?.value ?? 0;

    it("keeps accounts and identifiers as they came, and counts an account's changes", async () => {
      assert.equal(await records.human("t", key(1)), undefined);
      const identifiers = [
        { did: key(7), sealed: LARGE },
        { did: key(8), sealed: Uint8Array.of(8) },
      ];
      assert.equal(await records.saveHuman(change(0, { identifiers })), true);
      assert.deepEqual(await records.human("t", key(1)), {
        sealed: Uint8Array.of(0, 255, 0),
        revision: 1,
      });
      assert.deepEqual(await records.humanIdentifier("t", key(7)), LARGE);
      const next = { identifiers: [{ did: key(7), sealed: Uint8Array.of(9) }], sealed: LARGE };
      assert.equal(await records.saveHuman(change(1, next)), true);
      assert.deepEqual(await records.human("t", key(1)), { sealed: LARGE, revision: 2 });
      assert.deepEqual(await records.humanIdentifier("t", key(7)), Uint8Array.of(9));
      assert.deepEqual(await records.humanIdentifier("t", key(8)), Uint8Array.of(8));
      // The same in both, as a call to a database must not tell by what it counts as a change.
      assert.equal(await records.saveHuman(change(2, next)), true);
      for (const [tenantId, at] of [
        ["u", 7],
        ["t", 9],
      ] as const)
        assert.equal(await records.humanIdentifier(tenantId, key(at)), undefined);
      assert.equal(await records.human("u", key(1)), undefined);
      assert.deepEqual(await kinds(), Array(3).fill("human-changed"));
    });

    it("takes one of two changes to the same revision, from whichever replica, and all of it", async () => {
      const other = await store.open();
      const by = (n: number) => ({ identifiers: [{ did: key(n), sealed: Uint8Array.of(n) }] });
      const both = await Promise.all([
        records.saveHuman(change(0, by(1))),
        other.saveHuman(change(0, by(2))),
      ]);
      assert.deepEqual(both.toSorted(), [false, true]);
      const loser = both[0] ? 2 : 1;
      assert.equal(await records.humanIdentifier("t", key(loser)), undefined);
      assert.equal(await records.saveHuman(change(0)), false);
      assert.equal((await records.human("t", key(1)))?.revision, 1);
      assert.equal((await kinds()).length, 1);
    });

    it("gives each entry of a status list once, also to two replicas", async () => {
      const other = await store.open();
      const place = { list: 1, index: 131_071 };
      const both = await Promise.all([
        records.takeStatus("t", place, entry("issued")),
        other.takeStatus("t", place, entry("issued")),
      ]);
      assert.deepEqual(both.toSorted(), [false, true]);
      for (const [tenantId, free] of [
        ["t", { list: 1, index: 0 }],
        ["t", { list: 2, index: 131_071 }],
        ["u", place],
      ] as const) {
        const own = { ...entry("issued"), tenantId };
        assert.equal(await records.takeStatus(tenantId, free, own), true);
      }
      assert.deepEqual(await records.statuses("t", 1), { taken: 2, set: [] });
      assert.deepEqual(await records.statuses("t", 2), { taken: 1, set: [] });
      assert.equal((await kinds()).length, 3);
    });

    it("suspends and reinstates, and never takes a revocation back", async () => {
      const place = { list: 1, index: 5 };
      const set = (status: number) => records.setStatus("t", place, status, entry("status"));
      assert.equal(await set(2), false);
      await records.takeStatus("t", place, entry("issued"));
      assert.equal(await set(2), true);
      assert.equal(await value(5), 2);
      assert.equal(await set(2), true);
      assert.equal(await set(0), true);
      assert.deepEqual((await records.statuses("t", 1)).set, []);
      assert.equal(await set(1), true);
      for (const status of [0, 1, 2]) assert.equal(await set(status), false);
      assert.equal(await value(5), 1);
      assert.equal((await kinds()).filter((kind) => kind === "status").length, 4);
    });

    it("revokes an account's credentials with the change, or not at all", async () => {
      const revoked = [3, 4].map((index) => ({ list: 1, index }));
      for (const place of revoked) await records.takeStatus("t", place, entry("issued"));
      await records.saveHuman(change(0));
      assert.equal(await records.saveHuman(change(5, { revoked })), false);
      assert.equal(await value(3), 0);
      await records.setStatus("t", revoked[1]!, 2, entry("status"));
      const never = { list: 1, index: 99 };
      assert.equal(await records.saveHuman(change(1, { revoked: [...revoked, never] })), true);
      assert.deepEqual((await records.statuses("t", 1)).set, [
        { index: 3, value: 1 },
        { index: 4, value: 1 },
      ]);
      assert.equal((await records.statuses("t", 1)).taken, 2);
    });

    it("adds a tenant's key once, and not under a key-encryption key that went", async () => {
      const other = await store.open();
      const both = await Promise.all([
        records.addTenantKey("t", "human", SEALED, "kek"),
        other.addTenantKey(
          "t",
          "human",
          SEALED.map(() => 8),
          "kek",
        ),
      ]);
      assert.deepEqual(both.toSorted(), [false, true]);
      assert.deepEqual(
        await records.tenantKey("t", "human"),
        SEALED.map(() => (both[0] ? 7 : 8)),
      );
      const sealed = (await records.sealedKeys()).filter((one) => one.name === "human");
      assert.equal(sealed.length, 1);
      await records.changeVault(undefined, { active: "next", retiring: undefined });
      await assert.rejects(records.addTenantKey("u", "human", SEALED, "kek"), { code: "conflict" });
    });
  });
