import type {
  AuditEntry,
  BadgeScope,
  BadgeStatus,
  NewBadge,
  NewNode,
  NodeChange,
} from "./records.ts";
import { scopeText } from "./row-readers.ts";

// What the audit log says of changes: the same words from every database.

export function nodeRegistered(node: NewNode): AuditEntry {
  const { tenantId, nodeUid, nodeType, batch, status, createdAt } = node;
  const data = { node_uid: nodeUid, node_type: nodeType, batch, status };
  return { tenantId, at: createdAt, kind: "node-registered", data };
}

export function nodeChanged(
  tenantId: string,
  nodeUid: string,
  change: NodeChange,
  at: number,
): AuditEntry {
  return { tenantId, at, kind: "node-changed", data: { node_uid: nodeUid, ...change } };
}

export function badgeRegistered(badge: NewBadge): AuditEntry {
  const { tenantId, badgeUid, mode, profile, holder, nodeUid, createdAt } = badge;
  const reader = nodeUid === undefined ? {} : { node_uid: nodeUid };
  const data = { badge_uid: badgeUid, mode, profile, holder, ...reader };
  return { tenantId, at: createdAt, kind: "badge-registered", data };
}

export function badgeStatusChanged(
  tenantId: string,
  badgeUid: string,
  status: BadgeStatus,
  at: number,
): AuditEntry {
  return { tenantId, at, kind: "badge-changed", data: { badge_uid: badgeUid, status } };
}

export function badgeScopeChanged(
  tenantId: string,
  badgeUid: string,
  scope: BadgeScope | undefined,
  at: number,
): AuditEntry {
  const data = { badge_uid: badgeUid, scope: scopeText(scope) ?? "everywhere" };
  return { tenantId, at, kind: "badge-changed", data };
}
