import { concat } from "../../../protocol/encoding/bytes.ts";
import type { UploadRecords } from "../uploads.ts";
import type { SqlDatabase } from "./sql-database.ts";

/** What comes in pieces. */
export function uploadRecords(database: SqlDatabase): UploadRecords {
  return {
    addPiece({ tenantId, part, sha256, offset, data, at }) {
      const where = { tenant_id: tenantId, part };
      return database.transaction(async (db) => {
        const rows = await db
          .selectFrom("uploads")
          .select(["position", "sha256"])
          .select((of) => of.fn<number>("length", ["data"]).as("length"))
          .where((is) => is.and(where))
          .execute();
        const named = rows.filter((row) => row.sha256 === sha256);
        const length = named.reduce((sum, row) => sum + Number(row.length), 0);
        if (length !== offset) return length;
        if (offset === 0)
          await db
            .deleteFrom("uploads")
            .where((is) => is.and(where))
            .execute();
        const cells = { ...where, sha256, position: offset, data, at };
        await database.add(() => db.insertInto("uploads").values(cells).execute());
        return offset + data.length;
      });
    },
    async upload(tenantId, part, sha256) {
      const rows = await database.run((db) =>
        db
          .selectFrom("uploads")
          .select("data")
          .where((is) => is.and({ tenant_id: tenantId, part, sha256 }))
          .orderBy("position")
          .execute(),
      );
      if (rows.length === 0) return undefined;
      return concat(...rows.map(({ data }) => new Uint8Array(data)));
    },
    async removeUpload(tenantId, part) {
      await database.run((db) =>
        db
          .deleteFrom("uploads")
          .where((is) => is.and({ tenant_id: tenantId, part }))
          .execute(),
      );
    },
  };
}
