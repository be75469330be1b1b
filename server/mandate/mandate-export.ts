import { subjectUid } from "../../protocol/application/identity.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject, JsonValue } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import type { AuditRow } from "../store/records.ts";

/** The newest so many; how many older ones there were is said. */
export const EXPORT_ENTRIES_MAX = 10_000;
const PAGE = 1000;

/**
 * What may be in an export, of whatever a row has: when, what kind, where, with which outcome.
 * No name, no content, no key; what is not in here is not exported.
 */
const METADATA = Object.freeze([
  ...["node_uid", "badge_uid", "audience", "granted", "reason", "cause", "status", "mode"],
  ...["profile", "node_type", "tapped_at", "role"],
]);

/** What stands behind the hash of a public key in a tenant. */
export interface Target {
  readonly kind: "application" | "node" | "badge";
  /** Its UID, by which rows name it. */
  readonly uid: string;
  readonly metadata: JsonObject;
}

type ExportContext = Pick<ServiceContext, "records" | "crypto">;

/**
 * Finds whose key has that hash: an application is stored under it, of nodes and badges all are
 * looked through. All are looked through in any case, so that the time does not tell.
 */
async function targetsOf(
  { records, crypto }: ExportContext,
  tenantId: string,
  identityHash: string,
): Promise<readonly Target[]> {
  const found: Target[] = [];
  const application = await records.node(tenantId, subjectUid(identityHash));
  if (application && toHex(application.nodePk) === identityHash) {
    const { nodeUid: uid, nodeType, status, createdAt, lastSeenAt } = application;
    const seen = lastSeenAt === undefined ? {} : { seen_at: lastSeenAt };
    const metadata = { node_type: nodeType, status, created_at: createdAt, ...seen };
    found.push({ kind: "application", uid, metadata });
  }
  const has = (key: Uint8Array): boolean => toHex(crypto.sha256(key)) === identityHash;
  for await (const node of pages((after) => records.nodes(tenantId, PAGE, after), "nodeUid"))
    if (has(node.nodePk)) {
      const { nodeUid: uid, nodeType, status, createdAt, lastSeenAt } = node;
      const seen = lastSeenAt === undefined ? {} : { seen_at: lastSeenAt };
      const metadata = { node_type: nodeType, status, created_at: createdAt, ...seen };
      found.push({ kind: "node", uid, metadata });
    }
  for await (const badge of pages((after) => records.badges(tenantId, PAGE, after), "badgeUid"))
    if (has(badge.badgePk)) {
      const { badgeUid: uid, mode, profile, status, createdAt } = badge;
      found.push({
        kind: "badge",
        uid,
        metadata: { mode, profile, status, created_at: createdAt },
      });
    }
  return found;
}

async function* pages<K extends string, T extends Readonly<Record<K, string>>>(
  page: (after?: string) => Promise<readonly T[]>,
  name: K,
): AsyncGenerator<T> {
  let after: string | undefined;
  for (;;) {
    const found = await page(after);
    yield* found;
    after = found.at(-1)?.[name];
    if (found.length < PAGE || after === undefined) return;
  }
}

/** Whether a row is about the hash or about one of the UIDs, by any of its fields. */
function isAbout(data: JsonObject, names: ReadonlySet<JsonValue>): boolean {
  return ["identity_hash", "node_uid", "badge_uid", "subject"].some((field) =>
    names.has(data[field] ?? null),
  );
}

/** Of a reader's rows the badges are other people's: only the target's own is named. */
function entryOf(
  { seq, at, kind }: AuditRow,
  data: JsonObject,
  names: ReadonlySet<JsonValue>,
): JsonObject {
  const kept = METADATA.filter(
    (name) => data[name] !== undefined && (name !== "badge_uid" || names.has(data[name]!)),
  );
  return { seq, at, kind, ...Object.fromEntries(kept.map((name) => [name, data[name]!])) };
}

/** The metadata of an identity in a tenant, as it stands now. */
export async function assembleExport(
  context: ExportContext,
  tenantId: string,
  identityHash: string,
): Promise<JsonObject> {
  const targets = await targetsOf(context, tenantId, identityHash);
  const names = new Set<JsonValue>([identityHash, ...targets.map(({ uid }) => uid)]);
  const entries: JsonObject[] = [];
  let omitted = 0;
  let after = 0;
  for (;;) {
    const rows = await context.records.auditRows(tenantId, PAGE, after);
    for (const row of rows) {
      const data = JSON.parse(row.data) as JsonObject;
      if (isAbout(data, names)) entries.push(entryOf(row, data, names));
    }
    const spare = Math.max(0, entries.length - EXPORT_ENTRIES_MAX);
    omitted += entries.splice(0, spare).length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) break;
    after = last.seq;
  }
  return {
    identity_hash: identityHash,
    subjects: targets.map(({ kind, uid, metadata }) => ({ kind, uid, ...metadata })),
    entries,
    omitted,
  };
}
