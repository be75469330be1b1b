import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Secret } from "../../protocol/crypto/secret.ts";
import { openExport, sealExport } from "../../server/mandate/export-seal.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import type { Mandate, NewMandate } from "../../server/store/mandates.ts";
import { MIGRATIONS } from "../../server/store/migrations.ts";
import type { Records } from "../../server/store/records.ts";
import { parseDatabaseUrl } from "../../server/store/sql/database-url.ts";
import { openSqlRecords } from "../../server/store/sql/sql-records.ts";
import { DATABASES, needDatabase } from "../support/services.ts";
import { addTenant, key, RECORD_STORES, type ScratchStore } from "./record-stores.ts";

const WINDOW = 1000;
const EXPORT = new Uint8Array(200_000).fill(7);

function newMandate(tenantId: string, mandateId: string, registeredAt = 10): NewMandate {
  return {
    ...{ tenantId, mandateId, number: "5 Gs 17/26", country: "DE", court: "Amtsgericht 🏛" },
    ...{ identityHash: "ab".repeat(32), salt: key(9), registeredAt, registeredBy: "ada" },
    windowEndsAt: registeredAt + WINDOW,
  };
}

const entry = (tenantId: string, kind: string) => ({ tenantId, at: 5, kind, data: { n: 1 } });

for (const { name, make } of RECORD_STORES)
  describe(`mandates in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    let beside: Records;
    before(async function () {
      store = await make(this);
      records = await store.open();
      beside = await store.open();
      for (const tenantId of ["t", "u"]) await addTenant(records, tenantId);
    });
    after(() => store?.drop());

    const add = (mandate: NewMandate) =>
      records.addMandate(mandate, EXPORT, entry(mandate.tenantId, "mandate-registered"));
    const close = (by: Records, mandateId: string, at: number, tenantId = "t") =>
      by.closeMandate({ tenantId, mandateId }, "collected", at, entry(tenantId, "collected"));
    const kinds = async (tenantId: string) =>
      (await records.auditRows(tenantId, 10_000)).map(({ kind }) => kind);

    it("come back as they were registered, in their tenant only, with their export", async () => {
      const mandate = newMandate("t", "m1");
      await add(mandate);
      const stored: Mandate = { ...mandate, state: "open", closedAt: undefined };
      assert.deepEqual(await records.mandate("t", "m1"), stored);
      assert.deepEqual(await records.mandates("t", 9), [stored]);
      assert.equal(await records.mandate("u", "m1"), undefined);
      assert.deepEqual(await records.mandates("u", 9), []);
      assert.deepEqual(await records.mandateExport("t", "m1"), EXPORT);
      assert.equal(await records.mandateExport("u", "m1"), undefined);
      assert.equal(await close(records, "m1", 11, "u"), false);
      await assert.rejects(add(mandate), { code: "conflict" });
      assert.deepEqual(await kinds("t"), ["mandate-registered"], "none for what was refused");
      assert.deepEqual(await kinds("u"), []);
    });

    it("are closed once, with their audit row, and have no export from then on", async () => {
      await add(newMandate("t", "m2", 20));
      assert.equal(await close(records, "m2", 30), true);
      assert.equal(await close(records, "m2", 30), false);
      assert.equal(await records.mandateExport("t", "m2"), undefined);
      const { state, closedAt } = (await records.mandate("t", "m2"))!;
      assert.deepEqual([state, closedAt], ["collected", 30]);
      assert.equal((await kinds("t")).filter((kind) => kind === "collected").length, 1);
      assert.deepEqual(
        (await records.mandates("t", 9)).map(({ mandateId }) => mandateId),
        ["m2", "m1"],
        "newest first",
      );
    });

    it("are closed by one of many replicas that try at once", async () => {
      for (let round = 0; round < 5; round++) {
        const mandateId = `race${round}`;
        await add(newMandate("t", mandateId));
        const before = (await kinds("t")).length;
        const tries = Array.from({ length: 20 }, (_, n) =>
          close(n % 2 ? records : beside, mandateId, 11),
        );
        const won = (await Promise.all(tries)).filter((each) => each);
        assert.equal(won.length, 1);
        assert.equal((await kinds("t")).length, before + 1);
      }
    });

    it("are not closed any more when the window is over, but expired by one of many", async () => {
      await add(newMandate("u", "late"));
      assert.equal(await close(records, "late", 10 + WINDOW, "u"), false);
      const expire = (by: Records) =>
        by.expireMandates(10 + WINDOW, ({ tenantId, mandateId }) =>
          entry(tenantId, `expired-${mandateId}`),
        );
      await records.expireMandates(9 + WINDOW, () => entry("u", "never"));
      assert.equal((await records.mandate("u", "late"))?.state, "open");
      await Promise.all([expire(records), expire(beside), expire(records)]);
      assert.equal((await records.mandate("u", "late"))?.state, "expired");
      assert.equal(await records.mandateExport("u", "late"), undefined);
      assert.deepEqual(await kinds("u"), ["mandate-registered", "expired-late"]);
      assert.equal((await records.mandate("t", "m1"))?.state, "expired", "of every tenant");
      assert.equal((await records.mandate("t", "m2"))?.state, "collected", "what was final stays");
    });
  });

for (const name of DATABASES)
  describe(`the table of mandates in ${name}`, function () {
    this.timeout(30_000);

    it("holds no export in any state but open, whoever writes it", async function () {
      const database = await needDatabase(this, name);
      const records = await openSqlRecords(parseDatabaseUrl(database.url));
      await addTenant(records, "t");
      await records.addMandate(newMandate("t", "m"), EXPORT, entry("t", "mandate-registered"));
      for (const sql of [
        "UPDATE mandates SET state = 'collected', closed_at = 5",
        "UPDATE mandates SET sealed_export = NULL",
        "UPDATE mandates SET state = 'forgotten'",
      ])
        await assert.rejects(database.execute(sql), sql);
      await records.close();
      await database.drop();
    });
  });

describe("the table of mandates in SQLite", () => {
  it("holds no export in any state but open, whoever writes it", () => {
    const db = new DatabaseSync(":memory:");
    for (const sql of MIGRATIONS) db.exec(sql);
    db.exec("INSERT INTO tenants VALUES ('t', 'N', 'auto', 3000, 1)");
    const values = "'t','m','1','DE','c','h',x'00',1,'ada',2,'open',NULL,x'00'";
    db.exec(`INSERT INTO mandates VALUES (${values})`);
    for (const sql of [
      "UPDATE mandates SET state = 'collected', closed_at = 5",
      "UPDATE mandates SET sealed_export = NULL",
      "UPDATE mandates SET state = 'forgotten'",
    ])
      assert.throws(() => db.exec(sql), /CHECK constraint/, sql);
    db.exec("UPDATE mandates SET state = 'collected', closed_at = 5, sealed_export = NULL");
    db.close();
  });
});

describe("a sealed export", () => {
  const place = { tenantId: "t", mandateId: "m" };
  const secret = (fill: number) => new Uint8Array(32).fill(fill);
  const plain = new TextEncoder().encode('{"entries":[]}');

  it("opens under its key and in its place only", () => {
    const sealed = sealExport(nodeCrypto, new Secret(secret(1)), place, plain);
    assert.deepEqual(openExport(nodeCrypto, secret(1), place, sealed), plain);
    assert.equal(openExport(nodeCrypto, secret(2), place, sealed), undefined);
    const moved = [
      { ...place, mandateId: "n" },
      { ...place, tenantId: "u" },
    ];
    for (const other of moved)
      assert.equal(openExport(nodeCrypto, secret(1), other, sealed), undefined);
    for (let at = 0; at < sealed.length; at++) {
      const bent = sealed.slice();
      bent[at]! ^= 1;
      assert.equal(openExport(nodeCrypto, secret(1), place, bent), undefined, `byte ${at}`);
    }
    assert.ok(!Buffer.from(sealed).includes("entries"));
  });
});
