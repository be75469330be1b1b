import { toHex } from "../../protocol/encoding/hex.ts";
import type {
  AuditEntry,
  BadgeScope,
  BadgeStatus,
  KeyStep,
  NewBadge,
  NewNode,
  NodeChange,
} from "./records.ts";
import { scopeText } from "./row-readers.ts";

// What the audit log says of changes: the same words from every database.

/** The operator; absent for what is done on the machine itself. */
const whoBy = (by: string | undefined) => (by === undefined ? {} : { by });

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
  by?: string,
): AuditEntry {
  const data = { node_uid: nodeUid, ...change, ...whoBy(by) };
  return { tenantId, at, kind: "node-changed", data };
}

export function rotationWanted(
  tenantId: string,
  nodeUid: string,
  at: number,
  by?: string,
): AuditEntry {
  const data = { node_uid: nodeUid, ...whoBy(by) };
  return { tenantId, at, kind: "node-rotation-wanted", data };
}

/** Public keys, so that a row says which key was in force when. */
export function nodeKeyRotated({ tenantId, nodeUid, oldPk, newPk, at }: KeyStep): AuditEntry {
  const data = { node_uid: nodeUid, old_pk: toHex(oldPk), new_pk: toHex(newPk) };
  return { tenantId, at, kind: "node-key-rotated", data };
}

export function badgeRegistered(badge: NewBadge, by?: string): AuditEntry {
  const { tenantId, badgeUid, mode, profile, holder, nodeUid, createdAt } = badge;
  const reader = nodeUid === undefined ? {} : { node_uid: nodeUid };
  const data = { badge_uid: badgeUid, mode, profile, holder, ...reader, ...whoBy(by) };
  return { tenantId, at: createdAt, kind: "badge-registered", data };
}

export function badgeStatusChanged(
  tenantId: string,
  badgeUid: string,
  status: BadgeStatus,
  at: number,
  by?: string,
): AuditEntry {
  const data = { badge_uid: badgeUid, status, ...whoBy(by) };
  return { tenantId, at, kind: "badge-changed", data };
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
