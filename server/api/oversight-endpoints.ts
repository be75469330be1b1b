import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { Alarm, AuditRow } from "../store/records.ts";
import { type Endpoint, managed } from "./endpoint.ts";
import { hash, list, matching, optional, text, uint, uuid, word } from "./field.ts";
import { form, object } from "./form.ts";
import { LIST_ALARMS_PATH, LIST_AUDIT_PATH } from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

const AUDIT_PAGE = 200;
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
  at: time,
  kind: word(64),
  badge_uid: optional(matching("^([0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})$", "not a chip's UID")),
  node_uid: optional(uuid),
  cause: text(),
});

function auditMember({ seq, at, kind, data, previousHash, hash: own }: AuditRow): JsonObject {
  return { seq, at, kind, data, previous_hash: toHex(previousHash), hash: toHex(own) };
}

function alarmMember({ at, kind, badgeUid, nodeUid, cause }: Alarm): JsonObject {
  return {
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
    fields: { after: optional(uint()), limit: optional(uint(AUDIT_PAGE, 1)) },
    answer: form({ rows: list(object(AUDIT_ROW), AUDIT_PAGE), after: optional(uint()) }),
    async handle({ records }, { tenantId }, { after = 0, limit = AUDIT_PAGE }) {
      const page = await records.auditRows(tenantId, limit + 1, after);
      const rows = page.slice(0, limit);
      const last = page.length > limit ? rows.at(-1)?.seq : undefined;
      return { rows: rows.map(auditMember), ...(last !== undefined && { after: last }) };
    },
  }),
  managed({
    may: "read-alarms",
    path: LIST_ALARMS_PATH,
    chapter: "management",
    summary: "The newest alarms, newest first.",
    fields: { limit: optional(uint(ALARMS_MAX, 1)) },
    answer: form({ alarms: list(object(ALARM), ALARMS_MAX) }),
    async handle({ records }, { tenantId }, { limit = 100 }) {
      return { alarms: (await records.alarms(tenantId, limit)).map(alarmMember) };
    },
  }),
];
