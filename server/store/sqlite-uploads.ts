import { concat } from "../../protocol/encoding/bytes.ts";
import { blob, integer } from "./columns.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { UploadRecords } from "./uploads.ts";

const NAMED = "WHERE tenant_id = ? AND part = ? AND sha256 = ?";

/** What comes in pieces. */
export function uploadRecords(db: SqliteDatabase): UploadRecords {
  return {
    async addPiece({ tenantId, part, sha256, offset, data, at }) {
      return db.transaction(() => {
        const names = [tenantId, part, sha256] as const;
        const sql = `SELECT coalesce(sum(length(data)), 0) AS length FROM uploads ${NAMED}`;
        const length = integer(db.get(sql, ...names)!, "length");
        if (length !== offset) return length;
        if (offset === 0)
          db.run("DELETE FROM uploads WHERE tenant_id = ? AND part = ?", tenantId, part);
        db.run("INSERT INTO uploads VALUES (?,?,?,?,?,?)", ...names, offset, data, at);
        return offset + data.length;
      });
    },
    async upload(tenantId, part, sha256) {
      const sql = `SELECT data FROM uploads ${NAMED} ORDER BY position`;
      const rows = db.all(sql, tenantId, part, sha256);
      return rows.length === 0 ? undefined : concat(...rows.map((row) => blob(row, "data")));
    },
    async removeUpload(tenantId, part) {
      db.run("DELETE FROM uploads WHERE tenant_id = ? AND part = ?", tenantId, part);
    },
  };
}
