import type { Presence } from "../../policy/passage.ts";
import {
  type BadgeStanding,
  type HeldRows,
  type Judgement,
  judgeDecision,
} from "../decision-rule.ts";
import type { CounterStep, DecisionOutcome, PassageStep } from "../decisions.ts";
import type { DecisionRecord } from "../records.ts";
import { toPresence } from "../row-readers.ts";
import { appendAlarms, appendRows } from "./sql-chain.ts";
import type { SqlDatabase, SqlTransaction } from "./sql-database.ts";
import { padded } from "./sql-lists.ts";
import {
  holdRevision,
  type OpeningCells,
  type PresenceCells,
  saveOpenings,
  savePresences,
} from "./sql-passages.ts";

/** A decision, or a row of the audit log that stands for itself. */
export interface Due {
  readonly fresh: DecisionRecord;
  readonly step?: PassageStep | CounterStep | undefined;
}

/** What came of one of them: its own failure leaves the others alone. */
export type Done = { readonly outcome: DecisionOutcome } | { readonly error: unknown };

/** No two subjects in zones have one name, whatever characters are in them. */
const placeOf = (subject: string, zone: string): string => `${subject.length}:${subject}/${zone}`;

/** What is stored, and what decisions before one of the same transaction have made of it. */
class Rows implements HeldRows {
  readonly nodes = new Map<string, ReturnType<HeldRows["nodeStatus"]>>();
  readonly badges = new Map<string, BadgeStanding>();
  readonly presences = new Map<string, Presence>();
  readonly openings = new Map<string, string>();
  held = 0;

  nodeStatus(nodeUid: string) {
    return this.nodes.get(nodeUid);
  }

  badge(badgeUid: string) {
    return this.badges.get(badgeUid);
  }

  revision() {
    return this.held;
  }

  presence({ subject, zone }: { readonly subject: string; readonly zone: string }) {
    return this.presences.get(placeOf(subject, zone));
  }

  openedOn(zone: string) {
    return this.openings.get(zone);
  }
}

const present = <T>(values: readonly (T | undefined)[]): T[] =>
  values.filter((value) => value !== undefined);

/**
 * Holds the rows that all of the decisions go by, kind after kind and each kind in one order, so
 * that of two replicas one waits for the other: nodes, badges, rules, presence, openings.
 */
async function hold(db: SqlTransaction, tenantId: string, dues: readonly Due[]): Promise<Rows> {
  const rows = new Rows();
  const steps = present(dues.map(({ step }) => step));
  const nodes = present(steps.map(({ nodeUid }) => nodeUid));
  if (nodes.length > 0) {
    const found = await db
      .selectFrom("nodes")
      .select(["node_uid", "status"])
      .where("tenant_id", "=", tenantId)
      .where("node_uid", "in", padded(nodes))
      .orderBy("node_uid")
      .forUpdate()
      .execute();
    for (const { node_uid, status } of found) rows.nodes.set(node_uid, status);
  }
  const badges = present(steps.map((step) => ("badgeUid" in step ? step.badgeUid : undefined)));
  if (badges.length > 0) {
    const found = await db
      .selectFrom("badges")
      .select(["badge_uid", "status", "read_counter"])
      .where("tenant_id", "=", tenantId)
      .where("badge_uid", "in", padded(badges))
      .orderBy("badge_uid")
      .forUpdate()
      .execute();
    for (const { badge_uid, status, read_counter: readCounter } of found)
      rows.badges.set(badge_uid, { status, readCounter });
  }
  const policies = present(steps.map(({ policy }) => policy));
  if (policies.length > 0) rows.held = await holdRevision(db, tenantId);
  const questions = present(policies.map(({ passage }) => passage));
  const counting = questions.filter(({ passback }) => passback !== undefined);
  if (counting.length > 0) {
    const found = await db
      .selectFrom("presence")
      .selectAll()
      .where("tenant_id", "=", tenantId)
      .where("subject", "in", padded(counting.map(({ subject }) => subject)))
      .where("zone", "in", padded(counting.map(({ zone }) => zone)))
      .orderBy("subject")
      .orderBy("zone")
      .forUpdate()
      .execute();
    for (const row of found) rows.presences.set(placeOf(row.subject, row.zone), toPresence(row));
  }
  const opening = questions.filter(({ firstPerson }) => firstPerson !== undefined);
  if (opening.length > 0) {
    const found = await db
      .selectFrom("zone_openings")
      .select(["zone", "day"])
      .where("tenant_id", "=", tenantId)
      .where("zone", "in", padded(opening.map(({ zone }) => zone)))
      .orderBy("zone")
      .forUpdate()
      .execute();
    for (const { zone, day } of found) rows.openings.set(zone, day);
  }
  return rows;
}

/** What the rows are from now on. */
class Changes {
  readonly counters = new Map<string, number>();
  readonly presences = new Map<string, PresenceCells>();
  readonly openings = new Map<string, OpeningCells>();
  readonly records: DecisionRecord[] = [];

  /** Notes what comes of a decision, for the next one and for the tables. */
  take(rows: Rows, { step }: Due, { record, readCounter, presence, opened }: Judgement): void {
    if (record !== undefined) this.records.push(record);
    if (step === undefined) return;
    if (readCounter !== undefined && "badgeUid" in step) {
      const { badgeUid } = step;
      rows.badges.set(badgeUid, { ...rows.badges.get(badgeUid)!, readCounter });
      this.counters.set(badgeUid, readCounter);
    }
    const question = step.policy?.passage;
    if (question === undefined) return;
    const { zone, subject, at } = question;
    const place = placeOf(subject, zone);
    if (presence !== undefined) {
      rows.presences.set(place, presence);
      this.presences.set(place, { zone, subject, ...presence });
    }
    if (opened !== undefined) {
      rows.openings.set(zone, opened);
      this.openings.set(zone, { zone, day: opened, subject, at });
    }
  }
}

/**
 * Decides one after the other, in one transaction: each by what those before it have left. Rows of
 * the audit log stand in the same order.
 */
export async function decideAll(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  dues: readonly Due[],
): Promise<readonly Done[]> {
  const rows = await hold(db, tenantId, dues);
  const changes = new Changes();
  const done = dues.map((due): Done => {
    try {
      const judgement = judgeDecision(rows, due.fresh, due.step);
      changes.take(rows, due, judgement);
      return { outcome: judgement.outcome };
    } catch (error) {
      return { error };
    }
  });
  const { counters, presences, openings, records } = changes;
  if (counters.size > 0) await raiseCounters(db, tenantId, counters);
  if (presences.size > 0) await savePresences(database, db, tenantId, [...presences.values()]);
  if (openings.size > 0) await saveOpenings(database, db, tenantId, [...openings.values()]);
  const alarms = present(records.map(({ alarm }) => alarm));
  const entries = records.map(({ entry }) => entry);
  if (entries.length > 0) await appendRows(database, db, tenantId, entries);
  if (alarms.length > 0) await appendAlarms(db, alarms);
  return done;
}

/** All in one statement: the rows are held, and each is known to be below. */
async function raiseCounters(
  db: SqlTransaction,
  tenantId: string,
  counters: ReadonlyMap<string, number>,
): Promise<void> {
  const badges = padded([...counters.keys()]);
  await db
    .updateTable("badges")
    .set((of) => ({
      read_counter: badges
        .slice(1)
        .reduce(
          (cases, uid) => cases.when(uid).then(counters.get(uid)!),
          of.case("badge_uid").when(badges[0]!).then(counters.get(badges[0]!)!),
        )
        .else(of.ref("read_counter"))
        .end(),
    }))
    .where("tenant_id", "=", tenantId)
    .where("badge_uid", "in", badges)
    .execute();
}
