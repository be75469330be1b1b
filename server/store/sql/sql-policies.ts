import { sql } from "kysely";
import { byId, type PolicyRecords } from "../policies.ts";
import type { AuditEntry } from "../records.ts";
import { toEntitlement, toPerson, toPresenceRow, toRule } from "../row-readers.ts";
import { question } from "./question.ts";
import type { Append } from "./sql-chain.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";
import { holdRevision } from "./sql-passages.ts";

type Change = (db: SqlTransaction) => Promise<number>;
type RuleRecords = Pick<PolicyRecords, "policyRevision" | "rules" | "putRule" | "removeRule">;
type PersonRecords = Pick<PolicyRecords, "putPerson" | "person" | "people" | "giveBadge">;
type PresenceRecords = Pick<PolicyRecords, "presence" | "forgive">;
type EntitlementRecords = Omit<
  PolicyRecords,
  keyof RuleRecords | keyof PersonRecords | keyof PresenceRecords
>;

/** Whether it changed something; then the revision is one higher, and the entry is written. */
type Changing = (entry: AuditEntry, work: Change) => Promise<boolean>;

const revisionOf = question((db, tenantId: string) =>
  db.selectFrom("policy_heads").select("revision").where("tenant_id", "=", tenantId),
);

const onePerson = question((db, tenantId: string, personId: string) =>
  db
    .selectFrom("people")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .where("person_id", "=", personId),
);

function changing(database: SqlDatabase, append: Append): Changing {
  return (entry, work) =>
    database.transaction(async (db) => {
      // A badge is held before the revision, as by whoever decides.
      if ((await work(db)) === 0) return false;
      const { tenantId } = entry;
      const revision = (await holdRevision(db, tenantId)) + 1;
      const changed = await db
        .updateTable("policy_heads")
        .set({ revision })
        .where("tenant_id", "=", tenantId)
        .executeTakeFirst();
      if (found(changed) === 0)
        await database.add(() =>
          db.insertInto("policy_heads").values({ tenant_id: tenantId, revision }).execute(),
        );
      await append(db, entry);
      return true;
    });
}

function ruleRecords(database: SqlDatabase, change: Changing): RuleRecords {
  return {
    async policyRevision(tenantId) {
      const [row] = await database.run((db) => revisionOf(db, tenantId));
      return row?.revision ?? 0;
    },
    async rules(tenantId) {
      const rows = await database.run((db) =>
        db
          .selectFrom("policy_rules")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .orderBy("kind")
          .orderBy("name")
          .execute(),
      );
      return rows.map(toRule);
    },
    async putRule(tenantId, { kind, name, body }, entry) {
      const where = { tenant_id: tenantId, kind, name };
      await change(entry, async (db) => {
        const changed = async () =>
          db
            .updateTable("policy_rules")
            .set({ body })
            .where((is) => is.and(where))
            .executeTakeFirst();
        const rule = { ...where, body };
        const add = () => db.insertInto("policy_rules").values(rule).execute();
        await database.put(async () => found(await changed()), add);
        return 1;
      });
    },
    removeRule(tenantId, kind, name, entry) {
      return change(entry, async (db) => {
        const removed = await db
          .deleteFrom("policy_rules")
          .where((is) => is.and({ tenant_id: tenantId, kind, name }))
          .executeTakeFirst();
        return Number(removed.numDeletedRows);
      });
    },
  };
}

function personRecords(database: SqlDatabase, change: Changing): PersonRecords {
  return {
    async putPerson({ tenantId, personId, label, groups, status, createdAt }, entry) {
      const where = { tenant_id: tenantId, person_id: personId };
      const cells = { label, member_of: JSON.stringify(groups), status };
      await change(entry, async (db) => {
        const changed = async () =>
          db
            .updateTable("people")
            .set(cells)
            .where((is) => is.and(where))
            .executeTakeFirst();
        const row = { ...where, ...cells, created_at: createdAt };
        const add = () => db.insertInto("people").values(row).execute();
        await database.put(async () => found(await changed()), add);
        return 1;
      });
    },
    async person(tenantId, personId) {
      const [row] = await database.run((db) => onePerson(db, tenantId, personId));
      return row && toPerson(row);
    },
    async people(tenantId, limit, after = "") {
      const rows = await database.run((db) =>
        db
          .selectFrom("people")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("person_id", ">", after)
          .orderBy("person_id")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toPerson);
    },
    giveBadge(tenantId, badgeUid, personId, entry) {
      return change(entry, async (db) => {
        const changed = await db
          .updateTable("badges")
          .set({ person_id: personId })
          .where("tenant_id", "=", tenantId)
          .where("badge_uid", "=", badgeUid)
          .executeTakeFirst();
        return found(changed);
      });
    },
  };
}

function entitlementRecords(database: SqlDatabase, change: Changing): EntitlementRecords {
  return {
    async addEntitlement(tenantId, { id, subject, body }, entry) {
      const row = { tenant_id: tenantId, entitlement_id: id, subject, body };
      await change(entry, async (db) => {
        await db.insertInto("entitlements").values(row).execute();
        return 1;
      });
    },
    removeEntitlement(tenantId, id, entry) {
      return change(entry, async (db) => {
        const removed = await db
          .deleteFrom("entitlements")
          .where("tenant_id", "=", tenantId)
          .where("entitlement_id", "=", id)
          .executeTakeFirst();
        return Number(removed.numDeletedRows);
      });
    },
    async entitlements(tenantId, limit, after = "") {
      const rows = await database.run((db) =>
        db
          .selectFrom("entitlements")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("entitlement_id", ">", after)
          .orderBy("entitlement_id")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toEntitlement);
    },
    async entitlementsOf(tenantId, subjects) {
      if (subjects.length === 0) return [];
      const rows = await database.run((db) =>
        db
          .selectFrom("entitlements")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("subject", "in", subjects)
          .execute(),
      );
      return byId(rows.map(toEntitlement));
    },
  };
}

function presenceRecords(database: SqlDatabase, append: Append): PresenceRecords {
  return {
    async presence(tenantId, subject) {
      const rows = await database.run((db) =>
        db
          .selectFrom("presence")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("subject", "=", subject)
          .orderBy("zone")
          .execute(),
      );
      return rows.map(toPresenceRow);
    },
    forgive(tenantId, subject, zone, entry) {
      return database.transaction(async (db) => {
        await holdRevision(db, tenantId);
        const all = db
          .deleteFrom("presence")
          .where("tenant_id", "=", tenantId)
          .where("subject", "=", subject);
        const which = zone === undefined ? all : all.where("zone", "=", zone);
        const forgiven = Number((await which.executeTakeFirst()).numDeletedRows);
        if (forgiven > 0) await append(db, entry);
        return forgiven;
      });
    },
  };
}

/** Rules, people, entitlements, and who is where. */
export function policyRecords(database: SqlDatabase, append: Append): PolicyRecords {
  const change = changing(database, append);
  return {
    ...ruleRecords(database, change),
    ...personRecords(database, change),
    ...entitlementRecords(database, change),
    ...presenceRecords(database, append),
  };
}
