import assert from "node:assert/strict";
import type { Records } from "../../server/store/records.ts";
import { addTenant, key, RECORD_STORES, type ScratchStore } from "./record-stores.ts";

for (const { name, make } of RECORD_STORES)
  describe(`records of operators in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    before(async function () {
      store = await make(this);
      records = await store.open();
      await addTenant(records, "t");
      await addTenant(records, "u", { name: "Other", createdAt: 0 });
    });
    after(() => store?.drop());

    it("knows operators by their token, and removes them in their tenant only", async () => {
      const ada = { name: "ada", role: "manager", tenantId: "t" } as const;
      await records.addOperator(ada, key(1), 1);
      await records.addOperator({ ...ada, tenantId: "u" }, key(2), 1);
      await records.addOperator({ name: "ada", role: "admin", tenantId: undefined }, key(3), 1);
      await assert.rejects(records.addOperator(ada, key(1), 1), { code: "conflict" });
      assert.deepEqual(await records.operator(key(1)), ada);
      assert.equal(await records.operator(key(4)), undefined);
      assert.equal(await records.removeOperator("Ada", "t"), false);
      assert.equal(await records.removeOperator("ada", "t"), true);
      assert.equal(await records.removeOperator("ada", "t"), false);
      assert.equal(await records.operator(key(1)), undefined);
      assert.equal(await records.removeOperator("ada", undefined), true);
      assert.equal((await records.operator(key(2)))?.tenantId, "u");
    });

    it("lists operators of one tenant, and changes roles there, each with its audit row", async () => {
      const entry = (tenantId: string, kind: string) => ({ tenantId, at: 5, kind, data: {} });
      const bob = { name: "bob", role: "operator", tenantId: "t" } as const;
      await records.addOperator(bob, key(21), 7, entry("t", "operator-added"));
      await records.addOperator({ ...bob, role: "auditor", tenantId: "u" }, key(22), 8);
      const application = { name: "f".repeat(64), role: "manager", tenantId: "t" } as const;
      await records.addOperator(application, key(23), 7);
      const of = async (tenantId?: string) =>
        (await records.operators(tenantId, 9)).filter(({ name }) => name !== "ada");
      assert.deepEqual(await of("t"), [{ ...bob, createdAt: 7 }]);
      assert.deepEqual(await of(), []);
      const promoted = { ...bob, role: "manager" } as const;
      assert.equal(await records.setOperatorRole(promoted, entry("t", "operator-changed")), true);
      assert.equal((await records.operator(key(21)))?.role, "manager");
      assert.equal((await records.operator(key(22)))?.role, "auditor");
      const nobody = { ...bob, name: "nobody" };
      assert.equal(await records.setOperatorRole(nobody, entry("t", "never")), false);
      assert.equal(await records.removeOperator("nobody", "t", entry("t", "never")), false);
      await records.removeOperator("bob", "t", entry("t", "operator-removed"));
      assert.equal(await records.operator(key(21)), undefined);
      const kinds = (await records.auditRows("t", 10_000)).map(({ kind }) => kind);
      assert.deepEqual(
        kinds.filter((kind) => kind.startsWith("operator-")),
        ["operator-added", "operator-changed", "operator-removed"],
      );
      assert.ok(!kinds.includes("never"));
      for (const hash of [key(21), key(24)])
        await assert.rejects(
          records.addOperator({ ...bob, role: "root" as "admin" }, hash, 1),
          (error: Error) => error.name !== "AssertionError",
        );
    });
  });
