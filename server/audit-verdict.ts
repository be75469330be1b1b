import type { ServiceContext } from "./context.ts";
import { AUDIT_GENESIS, firstBrokenRow } from "./store/audit-chain.ts";

const PAGE = 1000;

export interface AuditVerdict {
  readonly intact: boolean;
  readonly rows: number;
  /** The first row that does not fit. */
  readonly brokenAtSeq?: number;
  /** Hash of the last good row, to be noted elsewhere. */
  readonly head: Uint8Array;
}

/** Looks through the whole chain of a tenant. */
export async function verifyAudit(
  { records }: ServiceContext,
  tenantId: string,
): Promise<AuditVerdict> {
  let head = AUDIT_GENESIS;
  let count = 0;
  let after = 0;
  for (;;) {
    const rows = await records.auditRows(tenantId, PAGE, after);
    const broken = firstBrokenRow(rows, head);
    if (broken) {
      const good = rows.indexOf(broken);
      const lastGood = rows[good - 1]?.hash ?? head;
      return { intact: false, rows: count + good, brokenAtSeq: broken.seq, head: lastGood };
    }
    count += rows.length;
    const last = rows.at(-1);
    if (last === undefined) return { intact: true, rows: count, head };
    head = last.hash;
    after = last.seq;
  }
}
