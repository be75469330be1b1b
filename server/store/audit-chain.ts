import { createHash } from "node:crypto";
import { transcript } from "../../protocol/encoding/transcript.ts";
import type { AuditEntry, AuditRow } from "./records.ts";

/** The chain of what belongs to no tenant: operators of all, strangers. No tenant has this id. */
export const SERVER_CHAIN = "00000000-0000-0000-0000-000000000000";

/** What stands before a tenant's first row. */
export const AUDIT_GENESIS: Uint8Array = new Uint8Array(32);

/**
 * The hash of a row: over its content and the hash before it, so that changing, removing or
 * reordering rows breaks the chain from there on. Cutting off the end does not; whoever must see
 * that notes the last hash elsewhere.
 */
export function auditHash(row: Omit<AuditRow, "hash">): Uint8Array {
  const { previousHash, seq, tenantId, at, kind, data } = row;
  const bytes = transcript("latchkey/v1/audit", previousHash, seq, tenantId, at, kind, data);
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/** The row of an entry, behind the tenant's last one; `seq` is above that one's. */
export function nextAuditRow(
  entry: AuditEntry,
  seq: number,
  previousHash: Uint8Array = AUDIT_GENESIS,
): AuditRow {
  const { tenantId, at, kind } = entry;
  const data = JSON.stringify(entry.data);
  const row = { seq, tenantId, at, kind, data, previousHash };
  return { ...row, hash: auditHash(row) };
}

/** The first row that does not fit the one before it, or `undefined` when all do. */
export function firstBrokenRow(
  rows: readonly AuditRow[],
  previousHash: Uint8Array = AUDIT_GENESIS,
): AuditRow | undefined {
  let previous = previousHash;
  for (const row of rows) {
    const linked = Buffer.compare(row.previousHash, previous) === 0;
    if (!linked || Buffer.compare(auditHash(row), row.hash) !== 0) return row;
    previous = row.hash;
  }
  return undefined;
}
