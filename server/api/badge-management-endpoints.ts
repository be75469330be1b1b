import type { JsonObject } from "../../protocol/json/reader.ts";
import { changeBadgeStatus } from "../badge-status.ts";
import type { ServiceContext } from "../context.ts";
import type { Permission } from "../roles.ts";
import type { Badge, BadgeStatus } from "../store/records.ts";
import { BADGE_STATUSES } from "../store/records.ts";
import { type Caller, DONE, type Endpoint, managed } from "./endpoint.ts";
import { boolean, chipUid, list, oneOf, optional, text, uint, uuid } from "./field.ts";
import { form, object } from "./form.ts";
import {
  LIST_BADGES_PATH,
  REINSTATE_BADGE_PATH,
  REVOKE_BADGE_PATH,
  SUSPEND_BADGE_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

/** The most badges in one answer. */
export const BADGES_PAGE = 100;

const BADGE = form({
  badge_uid: chipUid,
  mode: oneOf(["STD", "HS"]),
  profile: oneOf(["open", "sealed"]),
  node_uid: optional(uuid),
  holder: text(),
  label: optional(text()),
  person_id: optional(text(64)),
  status: oneOf(BADGE_STATUSES),
  scope: optional(object(form({ nodes: list(uuid, 1000), zones: list(text(), 1000) }))),
  taps: uint(),
  key_generation: uint(),
  being_written: boolean,
  created_at: time,
});

function badgeMember(badge: Badge): JsonObject {
  const { badgeUid, mode, profile, nodeUid, holder, label, status, scope, readCounter } = badge;
  const { keyGeneration, beingWritten, createdAt } = badge;
  return {
    badge_uid: badgeUid,
    mode,
    profile,
    ...(nodeUid !== undefined && { node_uid: nodeUid }),
    holder,
    ...(label !== undefined && { label }),
    ...(badge.personId !== undefined && { person_id: badge.personId }),
    status,
    ...(scope !== undefined && { scope: { nodes: scope.nodes, zones: scope.zones } }),
    taps: readCounter + 1,
    key_generation: keyGeneration,
    being_written: beingWritten,
    created_at: createdAt,
  };
}

function statusEndpoint(
  path: string,
  may: Permission,
  status: BadgeStatus,
  summary: string,
): Endpoint {
  return managed({
    may,
    path,
    chapter: "management",
    summary,
    fields: { badge_uid: chipUid },
    answer: DONE,
    codes: ["badge-unknown", "badge-revoked"],
    async handle(context: ServiceContext, { tenantId, operator }: Caller, { badge_uid: uid }) {
      await changeBadgeStatus(context, tenantId, uid, status, operator.name);
      return {};
    },
  });
}

/** Which badges there are, and which of them open doors. */
export const BADGE_MANAGEMENT_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "read-badges",
    path: LIST_BADGES_PATH,
    chapter: "management",
    summary: "A tenant's badges, page by page.",
    fields: { after: optional(chipUid) },
    answer: form({ badges: list(object(BADGE), BADGES_PAGE), after: optional(chipUid) }),
    async handle({ records }, { tenantId }, { after }) {
      const page = await records.badges(tenantId, BADGES_PAGE + 1, after);
      const badges = page.slice(0, BADGES_PAGE);
      const last = page.length > BADGES_PAGE ? badges.at(-1)?.badgeUid : undefined;
      return { badges: badges.map(badgeMember), ...(last !== undefined && { after: last }) };
    },
  }),
  statusEndpoint(
    SUSPEND_BADGE_PATH,
    "suspend-badges",
    "suspended",
    "Shuts a badge out until it is reinstated.",
  ),
  statusEndpoint(
    REINSTATE_BADGE_PATH,
    "manage-badges",
    "active",
    "Lets a suspended badge open doors again.",
  ),
  statusEndpoint(REVOKE_BADGE_PATH, "manage-badges", "revoked", "Shuts a badge out for good."),
];
