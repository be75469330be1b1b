import { sql } from "kysely";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { ReleaseRecords } from "../releases.ts";
import { toAuthority, toRelease } from "../row-readers.ts";
import type { Append } from "./sql-chain.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/** What was seen before keeps its time. */
async function saveSeen(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  seen: readonly (readonly [claimId: string, atMs: number])[],
): Promise<void> {
  const rows = await db
    .selectFrom("claims_seen")
    .select("claim_id")
    .where("tenant_id", "=", tenantId)
    .execute();
  const known = new Set(rows.map((row) => row.claim_id));
  for (const [claimId, atMs] of seen) {
    if (known.has(claimId)) continue;
    known.add(claimId);
    const cells = { tenant_id: tenantId, claim_id: claimId, seen_ms: atMs };
    await database.add(() => db.insertInto("claims_seen").values(cells).execute());
  }
}

/** Identities behind tenants, and images. */
export function releaseRecords(database: SqlDatabase, append: Append): ReleaseRecords {
  return {
    async authority(tenantId) {
      const row = await database.run((db) =>
        db
          .selectFrom("authorities")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .executeTakeFirst(),
      );
      return row && toAuthority(row);
    },
    saveAuthority({ tenantId, identityId, graph, requiresDelegation, replaces, seen, entry }) {
      return database.transaction(async (db) => {
        const at = await db
          .selectFrom("authorities")
          .select("revision")
          .where("tenant_id", "=", tenantId)
          .forUpdate()
          .executeTakeFirst();
        if ((at?.revision ?? 0) !== replaces) return false;
        const required = { requires_delegation: requiresDelegation ? 1 : 0 };
        const cells = { identity_id: identityId, graph, ...required, revision: replaces + 1 };
        if (at === undefined)
          await database.add(() =>
            db
              .insertInto("authorities")
              .values({ tenant_id: tenantId, ...cells })
              .execute(),
          );
        else
          await db
            .updateTable("authorities")
            .set(cells)
            .where("tenant_id", "=", tenantId)
            .execute();
        await saveSeen(database, db, tenantId, seen);
        await append(db, entry);
        return true;
      });
    },
    async claimsSeen(tenantId) {
      const rows = await database.run((db) =>
        db.selectFrom("claims_seen").selectAll().where("tenant_id", "=", tenantId).execute(),
      );
      return new Map(rows.map((row) => [row.claim_id, row.seen_ms]));
    },
    async release(tenantId, product) {
      const row = await database.run((db) =>
        db
          .selectFrom("releases")
          .select(["tenant_id", "product", "release_id", "version", "security_version"])
          .select("published_at")
          .where((is) => is.and({ tenant_id: tenantId, product }))
          .executeTakeFirst(),
      );
      return row && toRelease(row);
    },
    async saveRelease({ tenantId, product, releaseId, version, securityVersion, ...rest }) {
      const { manifest, image, publishedAt, entry } = rest;
      const facts = { release_id: releaseId, version, security_version: securityVersion };
      const cells = { ...facts, manifest, image, published_at: publishedAt };
      const where = { tenant_id: tenantId, product };
      await database.transaction(async (db) => {
        const last = await db
          .selectFrom("releases")
          .select("security_version")
          .where((is) => is.and(where))
          .forUpdate()
          .executeTakeFirst();
        if (last !== undefined && last.security_version > securityVersion)
          throw new LatchkeyError("firmware-rollback");
        await database.put(
          async () =>
            found(
              await db
                .updateTable("releases")
                .set(cells)
                .where((is) => is.and(where))
                .executeTakeFirst(),
            ),
          () =>
            db
              .insertInto("releases")
              .values({ ...where, ...cells })
              .execute(),
        );
        await append(db, entry);
      });
    },
    async releasePiece(releaseId, part, offset, length) {
      const row = await database.run((db) =>
        db
          .selectFrom("releases")
          .select((of) => [
            sql<number>`length(${of.ref(part)})`.as("total"),
            sql<Uint8Array>`substr(${of.ref(part)}, ${offset + 1}, ${length})`.as("data"),
          ])
          .where("release_id", "=", releaseId)
          .executeTakeFirst(),
      );
      return row && { total: Number(row.total), data: new Uint8Array(row.data) };
    },
    async saveReversal(nodeUid, releaseId, entry) {
      const where = { tenant_id: entry.tenantId, node_uid: nodeUid, release_id: releaseId };
      await database.transaction(async (db) => {
        const known = await db
          .selectFrom("release_reversals")
          .select("release_id")
          .where((is) => is.and(where))
          .executeTakeFirst();
        if (known !== undefined) return;
        await database.add(() => db.insertInto("release_reversals").values(where).execute());
        await append(db, entry);
      });
    },
    async hasReversal(tenantId, nodeUid, releaseId) {
      const where = { tenant_id: tenantId, node_uid: nodeUid, release_id: releaseId };
      const row = await database.run((db) =>
        db
          .selectFrom("release_reversals")
          .select("release_id")
          .where((is) => is.and(where))
          .executeTakeFirst(),
      );
      return row !== undefined;
    },
  };
}
