import assert from "node:assert/strict";
import { parseDatabaseUrl } from "../../server/store/sql/database-url.ts";
import { openSqlRecords } from "../../server/store/sql/sql-records.ts";
import { DATABASES, needDatabase, type ScratchDatabase } from "../support/services.ts";
import { addTenant, newBadge, newNode } from "./record-stores.ts";

/** How long a statement of ours is given to come as far as the lock. */
const A_WHILE_MS = 300;

for (const name of DATABASES)
  describe(`a grant in ${name} while another replica revokes`, function () {
    this.timeout(20_000);
    let database: ScratchDatabase;
    before(async function () {
      database = await needDatabase(this, name);
    });
    after(() => database?.drop());

    for (const [table, column, obstacle] of [
      ["badges", "badge_uid", "badge-revoked"],
      ["nodes", "node_uid", "node-revoked"],
    ] as const)
      it(`waits for what is about to be committed of ${table}`, async () => {
        const records = await openSqlRecords(parseDatabaseUrl(database.url));
        const tenantId = `t ${table}`;
        await addTenant(records, tenantId);
        await records.enrolNode(newNode(tenantId, "x", 1), undefined);
        await records.createBadge(newBadge(tenantId, "x"));
        const entry = { entry: { tenantId, at: 1, kind: "k", data: {} } };
        const step = { tenantId, nodeUid: "x", badgeUid: "x", readCounter: 1 };
        await database.execute("BEGIN");
        await database.execute(`UPDATE ${table} SET status = 'revoked' WHERE ${column} = 'x'`);
        const deciding = records.recordDecision(entry, { ...step, refused: () => entry });
        await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
        await database.execute("COMMIT");
        assert.equal(await deciding, obstacle);
        assert.equal((await records.badge(tenantId, "x"))?.readCounter, -1);
        await records.close();
      });
  });
