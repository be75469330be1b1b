import { LatchkeyError } from "../../protocol/errors.ts";
import { blob, integer, text } from "./columns.ts";
import type { ReleaseRecords } from "./releases.ts";
import { toAuthority, toRelease } from "./row-readers.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Columns that hold the parts of a release. */
const PIECES = Object.freeze({ manifest: "manifest", image: "image" });

/** Identities behind tenants, and images. */
export function releaseRecords(db: SqliteDatabase): ReleaseRecords {
  return {
    async authority(tenantId) {
      const row = db.get("SELECT * FROM authorities WHERE tenant_id = ?", tenantId);
      return row && toAuthority(row);
    },
    async saveAuthority({ tenantId, identityId, graph, requiresDelegation, ...change }) {
      return db.transaction(() => {
        const { replaces, seen, entry } = change;
        const at = db.get("SELECT revision FROM authorities WHERE tenant_id = ?", tenantId);
        if ((at === undefined ? 0 : integer(at, "revision")) !== replaces) return false;
        const required = requiresDelegation ? 1 : 0;
        const sql = "INSERT OR REPLACE INTO authorities VALUES (?,?,?,?,?)";
        db.run(sql, tenantId, identityId, graph, required, replaces + 1);
        for (const [id, atMs] of seen)
          db.run("INSERT OR IGNORE INTO claims_seen VALUES (?,?,?)", tenantId, id, atMs);
        appendAudit(db, entry);
        return true;
      });
    },
    async claimsSeen(tenantId) {
      const rows = db.all("SELECT * FROM claims_seen WHERE tenant_id = ?", tenantId);
      return new Map(rows.map((row) => [text(row, "claim_id"), integer(row, "seen_ms")]));
    },
    async release(tenantId, product) {
      const sql =
        "SELECT tenant_id, product, release_id, version, security_version, published_at " +
        "FROM releases WHERE tenant_id = ? AND product = ?";
      const row = db.get(sql, tenantId, product);
      return row && toRelease(row);
    },
    async saveRelease({ tenantId, product, releaseId, version, securityVersion, ...rest }) {
      db.transaction(() => {
        const { manifest, image, publishedAt, entry } = rest;
        const sql = "INSERT OR REPLACE INTO releases VALUES (?,?,?,?,?,?,?,?)";
        const last = db.get(
          "SELECT security_version FROM releases WHERE tenant_id = ? AND product = ?",
          ...[tenantId, product],
        );
        if (last !== undefined && integer(last, "security_version") > securityVersion)
          throw new LatchkeyError("firmware-rollback");
        const facts = [tenantId, product, releaseId, version, securityVersion] as const;
        db.run(sql, ...facts, manifest, image, publishedAt);
        appendAudit(db, entry);
      });
    },
    async releasePiece(releaseId, part, offset, length) {
      const column = PIECES[part];
      const sql =
        `SELECT length(${column}) AS total, substr(${column}, ?, ?) AS data ` +
        "FROM releases WHERE release_id = ?";
      const row = db.get(sql, offset + 1, length, releaseId);
      return row && { total: integer(row, "total"), data: blob(row, "data") };
    },
    async saveReversal(nodeUid, releaseId, entry) {
      db.transaction(() => {
        const sql = "INSERT OR IGNORE INTO release_reversals VALUES (?,?,?)";
        if (db.run(sql, entry.tenantId, nodeUid, releaseId) > 0) appendAudit(db, entry);
      });
    },
    async hasReversal(tenantId, nodeUid, releaseId) {
      const sql =
        "SELECT 1 AS found FROM release_reversals " +
        "WHERE tenant_id = ? AND node_uid = ? AND release_id = ?";
      return db.get(sql, tenantId, nodeUid, releaseId) !== undefined;
    },
  };
}
