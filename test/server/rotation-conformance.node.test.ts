import assert from "node:assert/strict";
import type { Records } from "../../server/store/records.ts";
import { addTenant, key, newNode, RECORD_STORES, type ScratchStore } from "./record-stores.ts";

for (const { name, make } of RECORD_STORES)
  describe(`nodes that take another key, in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    let beside: Records;
    before(async function () {
      store = await make(this);
      records = await store.open();
      beside = await store.open();
      for (const tenantId of ["t", "u"]) await addTenant(records, tenantId);
      await records.enrolNode(newNode("t", "n1", 1), undefined);
      await records.enrolNode(newNode("t", "n2", 2), undefined);
      await records.enrolNode(newNode("u", "n1", 1), undefined);
    });
    after(() => store?.drop());

    const step = (from: number, to: number, nodeUid = "n1") => ({
      ...{ tenantId: "t", nodeUid, oldPk: key(from), newPk: key(to), at: 50 },
    });
    const kinds = async () =>
      (await records.auditRows("t", 10_000))
        .map(({ kind }) => kind)
        .filter((kind) => kind.startsWith("node-key") || kind.startsWith("node-rotation"));

    it("are asked to, in their tenant, if they are in force", async () => {
      assert.equal(await records.wantRotation("t", "n1", 40, "ada"), true);
      assert.equal(await records.wantRotation("t", "nobody", 40), false);
      assert.equal((await records.node("t", "n1"))?.rotationWanted, true);
      assert.equal((await records.node("u", "n1"))?.rotationWanted, false);
      await records.enrolNode(newNode("t", "gone", 9), undefined);
      await records.changeNode("t", "gone", { status: "revoked" }, 41);
      assert.equal(await records.wantRotation("t", "gone", 42), false);
      assert.deepEqual(await kinds(), ["node-rotation-wanted"]);
    });

    it("take it once, from the key that they had, and the wish is done", async () => {
      assert.equal(await records.rotateKey(step(7, 11)), false, "not its key");
      assert.equal(await records.rotateKey(step(1, 11)), true);
      assert.equal(await records.rotateKey(step(1, 12)), false, "no more its key");
      const node = await records.node("t", "n1");
      assert.deepEqual([node?.nodePk, node?.rotationWanted], [key(11), false]);
      assert.deepEqual((await records.node("u", "n1"))?.nodePk, key(1));
      assert.deepEqual(await kinds(), ["node-rotation-wanted", "node-key-rotated"]);
    });

    it("never take one that another node has, or that was retired", async () => {
      await assert.rejects(records.rotateKey(step(11, 2)), { code: "conflict" });
      await assert.rejects(records.rotateKey(step(2, 1, "n2")), { code: "conflict" });
      assert.deepEqual((await records.node("t", "n1"))?.nodePk, key(11));
      assert.deepEqual((await records.node("t", "n2"))?.nodePk, key(2));
      assert.equal(await records.rotateKey(step(9, 19, "gone")), false, "revoked");
    });

    it("leave a key behind that comes in no more, neither as itself nor as another", async () => {
      for (const policyToken of [undefined, key(77)]) {
        const again = { ...newNode("t", "again", 1), createdAt: 60 };
        assert.deepEqual(await records.enrolNode(again, policyToken), { outcome: "key-retired" });
      }
      assert.equal(await records.node("t", "again"), undefined);
      const known = await records.enrolNode(newNode("t", "x", 11), undefined);
      assert.equal(known.outcome === "exists" && known.node.nodeUid, "n1");
    });

    it("take one of many that replicas are given at once", async () => {
      const tries = Array.from({ length: 12 }, (_, n) =>
        (n % 2 ? records : beside).rotateKey(step(11, 100 + n)),
      );
      const won = (await Promise.all(tries))
        .map((each, n) => (each ? n : -1))
        .filter((n) => n >= 0);
      assert.equal(won.length, 1);
      assert.deepEqual((await records.node("t", "n1"))?.nodePk, key(100 + won[0]!));
    });
  });
