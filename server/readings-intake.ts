import { toBase64Url } from "../protocol/encoding/base64.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { outOfRange } from "../protocol/telemetry/ranges.ts";
import {
  type SensorData,
  type SensorDataAnswer,
  type SensorReading,
  writeReading,
} from "../protocol/telemetry/sensor-data.ts";
import type { ReadingKind, Refusal } from "../protocol/telemetry/stored-reading.ts";
import type { ServiceContext } from "./context.ts";
import { doorChanges } from "./door/door-changes.ts";
import { subjectOf } from "./rate-limiter.ts";
import type { NewReading, ReadingBatch } from "./store/readings.ts";
import type { AuditEntry, Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** 2020-01-01: before any of this existed. A node that says so has a clock, but not the time. */
const EARLIEST_AT = 1_577_836_800;
/** A node's clock is set by this server's and is never ahead of it by more than drift. */
const AHEAD_SECONDS = 300;

function kindOf({ fields, lost }: SensorReading): ReadingKind {
  if (lost !== undefined) return "lost";
  return fields.badge_uid !== undefined || fields.granted !== undefined ? "access" : "telemetry";
}

function refusalOf(reading: SensorReading, nowAt: number): Refusal | undefined {
  const { updatedAt, fields, named } = reading;
  const said = (): Refusal["said"] => writeReading(reading);
  const field = outOfRange(fields, named);
  if (field !== undefined) return { code: "sensor-out-of-range", field, said: said() };
  if (updatedAt === undefined) return undefined;
  if (updatedAt >= EARLIEST_AT && updatedAt <= nowAt + AHEAD_SECONDS) return undefined;
  return { code: "clock-untrusted", field: "updated_at", said: said() };
}

async function toNewReading(
  context: ServiceContext,
  node: Node,
  reading: SensorReading,
  nowAt: number,
): Promise<NewReading> {
  const { rates, limits } = context;
  const { tenantId, nodeUid } = node;
  const refused = refusalOf(reading, nowAt);
  const at = refused === undefined ? reading.updatedAt : undefined;
  // Telemetry that went missing is a pity; a gap in who came and went is worth an alarm.
  const subject = subjectOf(tenantId, nodeUid);
  const alarming =
    reading.lost?.eventClass === "access" &&
    (await rates.allows({ limit: "loss-alarms-by-node", rate: limits.lossAlarmsByNode, subject }));
  const seen = { seenAt: at ?? nowAt, seq: reading.seq };
  const doors = await doorChanges(context, node, refused ? undefined : reading.named, seen);
  const alarm = { tenantId, at: nowAt, kind: "readings-lost", badgeUid: undefined, nodeUid };
  return {
    at: at ?? nowAt,
    timeKnown: at !== undefined,
    kind: kindOf(reading),
    reading,
    refused,
    ...(doors.length > 0 && { doors }),
    ...(alarming && { alarm: { ...alarm, cause: `${reading.lost?.count} access events` } }),
  };
}

async function batchOf(
  context: ServiceContext,
  node: Node,
  data: SensorData,
): Promise<ReadingBatch> {
  const { tenantId, nodeUid } = node;
  const nowAt = unixSeconds(context.clock);
  const evicted = (count: number): AuditEntry => {
    const facts = { node_uid: nodeUid, count };
    return { tenantId, at: nowAt, kind: "readings-evicted", data: facts };
  };
  const readings: NewReading[] = [];
  for (const reading of data.readings)
    readings.push(await toNewReading(context, node, reading, nowAt));
  return {
    tenantId,
    nodeUid,
    logId: data.logId.length === 0 ? undefined : toBase64Url(data.logId),
    receivedAt: nowAt,
    readings,
    bytesMax: context.limits.readingBytesPerNode,
    evicted,
  };
}

/**
 * Stores what a node reports, whole or not at all, each number of its log once. The node's word
 * is taken for what it saw; that it is this node was settled by the session, so a body that names
 * another one is refused. A badge that is mentioned here is no decision and comes into no audit.
 * @throws tenant-mismatch, forbidden-role, rate-limited, unavailable
 */
export async function takeReadings(
  context: ServiceContext,
  node: Node,
  data: SensorData,
): Promise<SensorDataAnswer> {
  const { records, rates, limits, log, feed } = context;
  const { tenantId, nodeUid } = node;
  if (data.tenantId !== tenantId) throw new LatchkeyError("tenant-mismatch");
  if (data.nodeUid !== nodeUid) throw new LatchkeyError("forbidden-role");
  const count = data.readings.length;
  const subject = subjectOf(tenantId, nodeUid);
  const rate = limits.readingsByNode;
  await rates.take({ limit: "readings-by-node", rate, subject, weight: count });
  const batch = await batchOf(context, node, data);
  const { isNew, evicted } = await records.recordReadings(batch);
  if (isNew.includes(true)) feed.announce();
  const who = { tenant_id: tenantId, node_uid: nodeUid };
  const refused = batch.readings.flatMap(({ reading: { seq }, refused: why }) =>
    why === undefined ? [] : [{ seq, code: why.code }],
  );
  if (refused.length > 0)
    log.write("warn", "readings-refused", {
      ...who,
      count: refused.length,
      code: refused[0]!.code,
    });
  if (evicted > 0) log.write("warn", "readings-evicted", { ...who, count: evicted });
  const good = isNew.filter((_, index) => batch.readings[index]?.refused === undefined);
  const recorded = good.filter((fresh) => fresh).length;
  context.metrics.readings(recorded, good.length - recorded, refused.length);
  return { serverTime: batch.receivedAt, recorded, duplicates: good.length - recorded, refused };
}
