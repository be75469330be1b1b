import type { DenialReport, LocalDenial } from "../protocol/badge/denial-report.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import type { ServiceContext } from "./context.ts";
import { subjectOf } from "./rate-limiter.ts";
import type { AuditEntry, DecisionRecord, Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/**
 * What a refusal means together with what only the server knows: which chips were issued here, in
 * which mode and for which reader. Looked up in the node's own tenant, so that a badge of another
 * one is a chip that nobody knows. `undefined` when it does not smell of copying.
 */
async function suspicion(
  { records }: ServiceContext,
  node: Node,
  { reason, badgeUid }: LocalDenial,
): Promise<string | undefined> {
  // Both mean that the badge names a key of this tenant and that its payload does not open.
  if (reason !== "badge-payload-invalid" && reason !== "mode-mismatch") return undefined;
  if (badgeUid === undefined) return undefined;
  const badge = await records.badge(node.tenantId, toHex(badgeUid));
  if (badge === undefined) return "payload-on-unknown-chip";
  const elsewhere = badge.mode === "HS" && badge.nodeUid !== node.nodeUid;
  return reason === "mode-mismatch" && elsewhere ? "bound-to-another-reader" : "payload-altered";
}

/** The row for one denial, and the alarm if it raises one that `raised` has not. */
async function denialRecord(
  context: ServiceContext,
  node: Node,
  boot: string,
  denial: LocalDenial,
  raised: Set<string>,
): Promise<DecisionRecord> {
  const { tenantId, nodeUid } = node;
  const at = unixSeconds(context.clock);
  const { number, reason, ageMs } = denial;
  const badgeUid = denial.badgeUid && toHex(denial.badgeUid);
  const seen = { node_uid: nodeUid, ...(badgeUid && { badge_uid: badgeUid }), reason };
  const tappedAt = Math.max(0, at - Math.round(ageMs / 1000));
  const data = { ...seen, tapped_at: tappedAt, boot, number };
  const entry = { tenantId, at, kind: "badge-refused-by-reader", data };
  const cause = await suspicion(context, node, denial);
  const alarmKey = `${badgeUid} ${cause}`;
  if (cause === undefined || raised.has(alarmKey)) return { entry };
  raised.add(alarmKey);
  context.log.write("warn", "badge-copy-suspected", { tenant_id: tenantId, ...seen, cause });
  return { entry, alarm: { tenantId, at, kind: "badge-copy-suspected", badgeUid, nodeUid, cause } };
}

/**
 * Records what a reader refused by itself: a row each, an alarm where it smells of copying (one
 * for each badge and report). What was recorded before is not recorded again. The node's word is
 * taken for what it saw; that it is this node was settled by the session.
 * @returns the number up to which all is recorded; what is beyond the rate stays with the reader.
 */
export async function recordReaderDenials(
  context: ServiceContext,
  node: Node,
  report: DenialReport,
): Promise<number> {
  const { records, clock, rates, limits } = context;
  const { tenantId, nodeUid } = node;
  const at = unixSeconds(clock);
  const boot = toHex(report.boot);
  const denials: { number: number; record: DecisionRecord }[] = [];
  const raised = new Set<string>();
  const rate = limits.reportedDenialsByNode;
  const subject = subjectOf(tenantId, nodeUid);
  for (const denial of report.denials) {
    if (!(await rates.allows({ limit: "reported-denials-by-node", rate, subject }))) break;
    const record = await denialRecord(context, node, boot, denial, raised);
    denials.push({ number: denial.number, record });
  }
  const dropped = (count: number): AuditEntry => {
    const data = { node_uid: nodeUid, boot, count };
    return { tenantId, at, kind: "reader-denials-dropped", data };
  };
  return records.recordReaderDenials({ tenantId, nodeUid, boot, at, denials, dropped });
}
