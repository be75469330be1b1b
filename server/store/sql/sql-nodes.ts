import { sql } from "kysely";
import { LatchkeyError } from "../../../protocol/errors.ts";
import { nodeChanged, nodeKeyRotated, nodeRegistered, rotationWanted } from "../audit-entries.ts";
import type { NodeRecords } from "../record-parts.ts";
import type { EnrolOutcome, KeyStep, NewNode, NodeChange } from "../records.ts";
import { toAdmission, toNode } from "../row-readers.ts";
import { question } from "./question.ts";
import type { Append } from "./sql-chain.ts";
import { found, type Sql, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/** Whether it was good, and is spent now: one statement, so that it serves once. */
async function spendToken(db: Sql, node: NewNode, tokenHash: Uint8Array): Promise<boolean> {
  const spent = await db
    .updateTable("enrol_tokens")
    .set({ spent_by: node.nodeUid })
    .where("tenant_id", "=", node.tenantId)
    .where("hash", "=", tokenHash)
    .where("spent_by", "is", null)
    .where("expires_at", ">", node.createdAt)
    .executeTakeFirst();
  return found(spent) === 1;
}

async function byKey(db: Sql, { tenantId, nodePk }: NewNode) {
  const row = await db
    .selectFrom("nodes")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .where("node_pk", "=", nodePk)
    .executeTakeFirst();
  return row && toNode(row);
}

/** Only what is given; what is revoked gets no other status. */
async function change(
  db: SqlTransaction,
  tenantId: string,
  nodeUid: string,
  { status, label, zone, relayMs, direction }: NodeChange,
): Promise<boolean> {
  const where = { tenant_id: tenantId, node_uid: nodeUid };
  const row = await db
    .selectFrom("nodes")
    .select("status")
    .where((is) => is.and(where))
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return false;
  if (row.status === "revoked" && (status ?? "revoked") !== "revoked") return false;
  const cells = {
    ...(status !== undefined && { status }),
    ...(label !== undefined && { label }),
    ...(zone !== undefined && { zone }),
    ...(relayMs !== undefined && { relay_ms: relayMs }),
    ...(direction !== undefined && { direction }),
  };
  if (Object.keys(cells).length > 0)
    await db
      .updateTable("nodes")
      .set(cells)
      .where((is) => is.and(where))
      .execute();
  return true;
}

async function isRetired(db: Sql, tenantId: string, nodePk: Uint8Array): Promise<boolean> {
  const row = await db
    .selectFrom("retired_keys")
    .select("node_uid")
    .where("tenant_id", "=", tenantId)
    .where("node_pk", "=", nodePk)
    .executeTakeFirst();
  return row !== undefined;
}

async function rotate(db: SqlTransaction, append: Append, step: KeyStep): Promise<boolean> {
  const { tenantId, nodeUid, oldPk, newPk, at } = step;
  if (await isRetired(db, tenantId, newPk)) throw new LatchkeyError("conflict");
  const changed = await db
    .updateTable("nodes")
    .set({ node_pk: newPk, rotation_wanted: 0 })
    .where("tenant_id", "=", tenantId)
    .where("node_uid", "=", nodeUid)
    .where("node_pk", "=", oldPk)
    .where("status", "=", "active")
    .executeTakeFirst();
  if (found(changed) !== 1) return false;
  const retired = { tenant_id: tenantId, node_pk: oldPk, node_uid: nodeUid, at };
  await db.insertInto("retired_keys").values(retired).execute();
  await append(db, nodeKeyRotated(step));
  return true;
}

/** With what its coming in depends on. */
const admission = question((db, tenantId: string, nodeUid: string) =>
  db
    .selectFrom("nodes as n")
    .leftJoin("authorities as a", (join) =>
      join.onRef("a.tenant_id", "=", "n.tenant_id").on("a.requires_delegation", "=", 1),
    )
    .leftJoin("comm_batches as b", (join) =>
      join.onRef("b.tenant_id", "=", "n.tenant_id").onRef("b.batch", "=", "n.batch"),
    )
    .selectAll("n")
    .select(["a.revision as authority", "b.sealed as comm"])
    .where("n.tenant_id", "=", tenantId)
    .where("n.node_uid", "=", nodeUid),
);

/** Nodes and the tokens that let them in. */
export function nodeRecords(database: SqlDatabase, append: Append): NodeRecords {
  async function enrol(
    db: SqlTransaction,
    node: NewNode,
    tokenHash?: Uint8Array,
  ): Promise<EnrolOutcome> {
    const known = await byKey(db, node);
    if (known) return { outcome: "exists", node: known };
    if (await isRetired(db, node.tenantId, node.nodePk)) return { outcome: "key-retired" };
    if (tokenHash && !(await spendToken(db, node, tokenHash))) return { outcome: "token-invalid" };
    const { tenantId, nodeUid, nodeType, nodePk, batch, status, createdAt } = node;
    const who = { tenant_id: tenantId, node_uid: nodeUid, node_type: nodeType, node_pk: nodePk };
    const cells = { ...who, batch, status, created_at: createdAt };
    // Where another replica has let this key in meanwhile, it is found the next time round.
    await database.add(() => db.insertInto("nodes").values(cells).execute());
    await append(db, nodeRegistered(node));
    return { outcome: "created", node: (await byKey(db, node))! };
  }

  return {
    async addEnrolToken(tenantId, hash, expiresAt) {
      const cells = { tenant_id: tenantId, hash, expires_at: expiresAt };
      await database.run((db) => db.insertInto("enrol_tokens").values(cells).execute());
    },
    enrolNode(node, tokenHash) {
      return database.transaction((db) => enrol(db, node, tokenHash));
    },
    async node(tenantId, nodeUid) {
      const row = await database.run((db) =>
        db
          .selectFrom("nodes")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("node_uid", "=", nodeUid)
          .executeTakeFirst(),
      );
      return row && toNode(row);
    },
    async admission(tenantId, nodeUid) {
      const [row] = await database.run((db) => admission(db, tenantId, nodeUid));
      return row && toAdmission(row);
    },
    async nodes(tenantId, limit, after = "") {
      const rows = await database.run((db) =>
        db
          .selectFrom("nodes")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("node_uid", ">", after)
          .orderBy("node_uid")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toNode);
    },
    changeNode(tenantId, nodeUid, what, at, by) {
      return database.transaction(async (db) => {
        const changed = await change(db, tenantId, nodeUid, what);
        if (changed) await append(db, nodeChanged(tenantId, nodeUid, what, at, by));
        return changed;
      });
    },
    wantRotation(tenantId, nodeUid, at, by) {
      return database.transaction(async (db) => {
        const changed = await db
          .updateTable("nodes")
          .set({ rotation_wanted: 1 })
          .where("tenant_id", "=", tenantId)
          .where("node_uid", "=", nodeUid)
          .where("status", "=", "active")
          .executeTakeFirst();
        if (found(changed) !== 1) return false;
        await append(db, rotationWanted(tenantId, nodeUid, at, by));
        return true;
      });
    },
    rotateKey: (step) => database.transaction((db) => rotate(db, append, step)),
    async saveHealth(tenantId, nodeUid, at, health) {
      await database.run((db) =>
        db
          .updateTable("nodes")
          .set({ last_seen_at: at, health: JSON.stringify(health) })
          .where("tenant_id", "=", tenantId)
          .where("node_uid", "=", nodeUid)
          .execute(),
      );
    },
  };
}
