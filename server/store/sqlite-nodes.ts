import { LatchkeyError } from "../../protocol/errors.ts";
import { nodeChanged, nodeKeyRotated, nodeRegistered, rotationWanted } from "./audit-entries.ts";
import type { NodeRecords } from "./record-parts.ts";
import type { EnrolOutcome, KeyStep, NewNode } from "./records.ts";
import { toAdmission, toNode } from "./row-readers.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

function spendToken(db: SqliteDatabase, node: NewNode, tokenHash: Uint8Array): boolean {
  const sql =
    "UPDATE enrol_tokens SET spent_by = ? " +
    "WHERE tenant_id = ? AND hash = ? AND spent_by IS NULL AND expires_at > ?";
  return db.run(sql, node.nodeUid, node.tenantId, tokenHash, node.createdAt) === 1;
}

function insertNode(db: SqliteDatabase, node: NewNode): void {
  const { tenantId, nodeUid, nodeType, nodePk, batch, status, createdAt } = node;
  const sql =
    "INSERT INTO nodes (tenant_id, node_uid, node_type, node_pk, batch, status, created_at) " +
    "VALUES (?,?,?,?,?,?,?)";
  db.run(sql, tenantId, nodeUid, nodeType, nodePk, batch, status, createdAt);
  appendAudit(db, nodeRegistered(node));
}

function isRetired(db: SqliteDatabase, tenantId: string, nodePk: Uint8Array): boolean {
  const sql = "SELECT 1 FROM retired_keys WHERE tenant_id = ? AND node_pk = ?";
  return db.get(sql, tenantId, nodePk) !== undefined;
}

function rotate(db: SqliteDatabase, step: KeyStep): boolean {
  const { tenantId, nodeUid, oldPk, newPk, at } = step;
  if (isRetired(db, tenantId, newPk)) throw new LatchkeyError("conflict");
  const sql =
    "UPDATE nodes SET node_pk = ?, rotation_wanted = 0 " +
    "WHERE tenant_id = ? AND node_uid = ? AND node_pk = ? AND status = 'active'";
  if (db.run(sql, newPk, tenantId, nodeUid, oldPk) !== 1) return false;
  db.run("INSERT INTO retired_keys VALUES (?,?,?,?)", tenantId, oldPk, nodeUid, at);
  appendAudit(db, nodeKeyRotated(step));
  return true;
}

function enrol(db: SqliteDatabase, node: NewNode, tokenHash?: Uint8Array): EnrolOutcome {
  const byKey = "SELECT * FROM nodes WHERE tenant_id = ? AND node_pk = ?";
  const known = db.get(byKey, node.tenantId, node.nodePk);
  if (known) return { outcome: "exists", node: toNode(known) };
  if (isRetired(db, node.tenantId, node.nodePk)) return { outcome: "key-retired" };
  if (tokenHash && !spendToken(db, node, tokenHash)) return { outcome: "token-invalid" };
  insertNode(db, node);
  return { outcome: "created", node: toNode(db.get(byKey, node.tenantId, node.nodePk)!) };
}

/** Nodes and the tokens that let them in. */
export function nodeRecords(db: SqliteDatabase): NodeRecords {
  return {
    async addEnrolToken(tenantId, hash, expiresAt) {
      const sql = "INSERT INTO enrol_tokens (tenant_id, hash, expires_at) VALUES (?,?,?)";
      db.run(sql, tenantId, hash, expiresAt);
    },
    async enrolNode(node, tokenHash) {
      return db.transaction(() => enrol(db, node, tokenHash));
    },
    async node(tenantId, nodeUid) {
      const sql = "SELECT * FROM nodes WHERE tenant_id = ? AND node_uid = ?";
      const row = db.get(sql, tenantId, nodeUid);
      return row && toNode(row);
    },
    async admission(tenantId, nodeUid) {
      const sql =
        "SELECT n.*, a.revision AS authority, b.sealed AS comm FROM nodes n " +
        "LEFT JOIN authorities a ON a.tenant_id = n.tenant_id AND a.requires_delegation = 1 " +
        "LEFT JOIN comm_batches b ON b.tenant_id = n.tenant_id AND b.batch = n.batch " +
        "WHERE n.tenant_id = ? AND n.node_uid = ?";
      const row = db.get(sql, tenantId, nodeUid);
      return row && toAdmission(row);
    },
    async nodes(tenantId, limit, after = "") {
      const sql =
        "SELECT * FROM nodes WHERE tenant_id = ? AND node_uid > ? ORDER BY node_uid LIMIT ?";
      return db.all(sql, tenantId, after, limit).map(toNode);
    },
    async changeNode(tenantId, nodeUid, change, at, by) {
      const { status = null, label = null, zone = null, relayMs = null } = change;
      const { direction = null } = change;
      return db.transaction(() => {
        const sql =
          "UPDATE nodes SET status = coalesce(?, status), label = coalesce(?, label), " +
          "zone = coalesce(?, zone), relay_ms = coalesce(?, relay_ms), " +
          "direction = coalesce(?, direction) " +
          "WHERE tenant_id = ? AND node_uid = ? AND (status <> 'revoked' OR coalesce(?1, status) = status)";
        const found = db.run(sql, status, label, zone, relayMs, direction, tenantId, nodeUid) === 1;
        if (found) appendAudit(db, nodeChanged(tenantId, nodeUid, change, at, by));
        return found;
      });
    },
    async wantRotation(tenantId, nodeUid, at, by) {
      return db.transaction(() => {
        const sql =
          "UPDATE nodes SET rotation_wanted = 1 " +
          "WHERE tenant_id = ? AND node_uid = ? AND status = 'active'";
        if (db.run(sql, tenantId, nodeUid) !== 1) return false;
        appendAudit(db, rotationWanted(tenantId, nodeUid, at, by));
        return true;
      });
    },
    async rotateKey(step) {
      return db.transaction(() => rotate(db, step));
    },
    async saveHealth(tenantId, nodeUid, at, health) {
      const sql =
        "UPDATE nodes SET last_seen_at = ?, health = ? WHERE tenant_id = ? AND node_uid = ?";
      db.run(sql, at, JSON.stringify(health), tenantId, nodeUid);
    },
  };
}
