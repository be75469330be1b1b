import assert from "node:assert/strict";
import { firstBrokenRow } from "../../server/store/audit-chain.ts";
import type { Records } from "../../server/store/records.ts";
import { parseDatabaseUrl } from "../../server/store/sql/database-url.ts";
import { openSqlRecords } from "../../server/store/sql/sql-records.ts";
import { DATABASES, needDatabase, type ScratchDatabase } from "../support/services.ts";
import { addTenant, newBadge, newNode } from "./record-stores.ts";

const AT_ONCE = 150;
const BADGES = 10;
const badgeUid = (n: number): string => `04${String(n % BADGES).padStart(12, "0")}`;

for (const name of DATABASES)
  describe(`decisions of one moment in ${name}`, function () {
    this.timeout(30_000);
    let database: ScratchDatabase;
    let records: Records;
    before(async function () {
      database = await needDatabase(this, name);
      records = await openSqlRecords(parseDatabaseUrl(database.url));
    });
    after(async () => {
      await records?.close();
      await database?.drop();
    });

    const start = async (tenantId: string) => {
      await addTenant(records, tenantId);
      await records.enrolNode(newNode(tenantId, "n", 1), undefined);
      await records.enrolNode({ ...newNode(tenantId, "gone", 2), status: "revoked" }, undefined);
      for (let n = 0; n < BADGES; n++) await records.createBadge(newBadge(tenantId, badgeUid(n)));
      return (await records.auditRows(tenantId, 1000)).at(-1)!.seq;
    };
    const entry = (tenantId: string, kind: string, n = 0) => ({
      entry: { tenantId, at: 1, kind, data: { n } },
    });
    const decide = (tenantId: string, n: number, readCounter: number, kind = "granted") =>
      records.recordDecision(entry(tenantId, kind, n), {
        ...{ tenantId, nodeUid: "n", badgeUid: badgeUid(n), readCounter },
        refused: (obstacle) => entry(tenantId, obstacle, n),
      });
    const rowsAfter = async (tenantId: string, seq: number) => {
      const rows = await records.auditRows(tenantId, 1000);
      assert.equal(firstBrokenRow(rows), undefined);
      assert.deepEqual(
        rows.map((row) => row.seq),
        rows.map((_, n) => n + 1),
      );
      return rows.filter((row) => row.seq > seq);
    };

    it("stand in the log in the order in which they came, and raise each counter once", async () => {
      const before = await start("order");
      const all = Array.from({ length: AT_ONCE }, (_, n) =>
        // Ten badges, each with counters 1, 1, 2, 2, 3, 3, …
        decide("order", n, 1 + (Math.floor(n / BADGES) >> 1)),
      );
      const second = (n: number) => Math.floor(n / BADGES) % 2 === 1;
      const outcomes = await Promise.all(all);
      assert.deepEqual(
        outcomes,
        outcomes.map((_, n) => (second(n) ? "badge-cloned" : undefined)),
      );
      const rows = await rowsAfter("order", before);
      assert.deepEqual(
        rows.map(({ kind, data }) => [kind, JSON.parse(data).n]),
        outcomes.map((outcome, n) => [outcome ?? "granted", n]),
      );
      for (let n = 0; n < BADGES; n++)
        assert.equal((await records.badge("order", badgeUid(n)))?.readCounter, 8);
    });

    it("one whose refusal cannot be put into words fails alone", async () => {
      const before = await start("words");
      const bad = records.recordDecision(entry("words", "granted"), {
        ...{ tenantId: "words", nodeUid: "gone", badgeUid: badgeUid(0), readCounter: 9 },
        refused: () => {
          throw new RangeError("no words");
        },
      });
      const others = [1, 2, 3].map((n) => decide("words", n, 1));
      await assert.rejects(bad, RangeError);
      assert.deepEqual(await Promise.all(others), [undefined, undefined, undefined]);
      assert.equal((await rowsAfter("words", before)).length, 3);
      assert.equal((await records.badge("words", badgeUid(0)))?.readCounter, -1);
    });

    it("one that the database does not take fails alone, and raises no counter", async () => {
      const before = await start("alone");
      // Longer than a key of MariaDB, and with a character that PostgreSQL has in no text.
      const untakable = `\u0000${"x".repeat(300)}`;
      const all = [0, 1, 2, 3, 4].map((n) =>
        decide("alone", n, 1, n === 2 ? untakable : "granted"),
      );
      const settled = await Promise.allSettled(all);
      assert.deepEqual(
        settled.map(({ status }) => status),
        ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
      );
      const rows = await rowsAfter("alone", before);
      assert.deepEqual(rows.map(({ data }) => JSON.parse(data).n).sort(), [0, 1, 3, 4]);
      assert.equal((await records.badge("alone", badgeUid(2)))?.readCounter, -1);
      assert.equal(await decide("alone", 2, 1), undefined, "the same read passes afterwards");
    });

    // The other one does not say which transaction a row is of.
    const itsTransactions = name === "PostgreSQL" ? it : undefined;
    itsTransactions?.("share commits", async () => {
      const before = await start("shared");
      await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => decide("shared", n, n)));
      const [found] = await database.execute(
        "SELECT count(*) AS rows, count(DISTINCT xmin::text) AS commits FROM audit " +
          `WHERE tenant_id = 'shared' AND seq > ${before}`,
      );
      assert.equal(Number(found!["rows"]), AT_ONCE);
      assert.ok(Number(found!["commits"]) <= 4, `${found!["commits"]} commits`);
    });
  });
