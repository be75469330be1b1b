import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { StoredAlarm } from "../store/alarms.ts";
import type { AuditRow } from "../store/records.ts";
import { type Endpoint, managed } from "./endpoint.ts";
import { hash, list, matching, optional, text, uint, uuid, word } from "./field.ts";
import { form, object } from "./form.ts";
import { LIST_ALARMS_PATH, LIST_AUDIT_PATH } from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

const AUDIT_PAGE = 200;
/** Rows looked at for one page, where only some kinds are wanted. */
const AUDIT_SCANNED = 2000;
const KINDS_MAX = 16;
const ALARMS_MAX = 1000;

const AUDIT_ROW = form({
  seq: uint(),
  at: time,
  kind: word(64),
  data: text(1_000_000),
  previous_hash: hash,
  hash,
});
const ALARM = form({
  id: uint(),
  at: time,
  kind: word(64),
  badge_uid: optional(matching("^([0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})$", "not a chip's UID")),
  node_uid: optional(uuid),
  cause: text(),
});

function auditMember({ seq, at, kind, data, previousHash, hash: own }: AuditRow): JsonObject {
  return { seq, at, kind, data, previous_hash: toHex(previousHash), hash: toHex(own) };
}

function alarmMember({ id, at, kind, badgeUid, nodeUid, cause }: StoredAlarm): JsonObject {
  return {
    id,
    at,
    kind,
    ...(badgeUid !== undefined && { badge_uid: badgeUid }),
    ...(nodeUid !== undefined && { node_uid: nodeUid }),
    cause,
  };
}

/** What happened, for whoever looks after it. */
export const OVERSIGHT_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "read-audit",
    path: LIST_AUDIT_PATH,
    chapter: "management",
    summary: "Rows of the audit log as they were hashed, ascending, from `after` on.",
    ofServer: true,
    fields: {
      after: optional(uint()),
      limit: optional(uint(AUDIT_PAGE, 1)),
      kinds: optional(list(word(64), KINDS_MAX, 1)),
    },
    answer: form({ rows: list(object(AUDIT_ROW), AUDIT_PAGE), after: optional(uint()) }),
    async handle({ records }, { tenantId }, { after = 0, limit = AUDIT_PAGE, kinds }) {
      const isWanted = ({ kind }: AuditRow) => kinds === undefined || kinds.includes(kind);
      const scanned = kinds === undefined ? limit : AUDIT_SCANNED;
      const page = await records.auditRows(tenantId, scanned + 1, after);
      const looked = page.slice(0, scanned);
      const rows = looked.filter(isWanted).slice(0, limit);
      // As far as it looked, or as far as it gives: there it goes on.
      const last = rows.length < limit ? looked.at(-1) : rows.at(-1);
      const more = last !== undefined && last.seq !== page.at(-1)?.seq;
      return { rows: rows.map(auditMember), ...(more && { after: last.seq }) };
    },
  }),
  managed({
    may: "read-alarms",
    path: LIST_ALARMS_PATH,
    chapter: "management",
    summary: "Alarms, newest first; `after` goes on behind the one of that `id`.",
    fields: { after: optional(uint()), limit: optional(uint(ALARMS_MAX, 1)) },
    answer: form({ alarms: list(object(ALARM), ALARMS_MAX), after: optional(uint()) }),
    async handle({ records }, { tenantId }, { after, limit = 100 }) {
      const page = await records.alarms(tenantId, limit + 1, after);
      const alarms = page.slice(0, limit);
      const last = page.length > limit ? alarms.at(-1)?.id : undefined;
      return { alarms: alarms.map(alarmMember), ...(last !== undefined && { after: last }) };
    },
  }),
];
