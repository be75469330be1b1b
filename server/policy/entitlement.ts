import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { NAME_LENGTH_MAX } from "./rules.ts";

/** Who is meant: one person, or everybody of a group. */
export type EntitledSubject = { readonly person: string } | { readonly group: string };

/** Stands for every zone of the tenant. */
export const ALL_ZONES = "*";
const ZONES_MAX = 64;
/** Unix seconds of 9999-12-31. */
export const TIME_MAX = 253_402_300_799;

/** Who may pass where, and when. */
export interface Entitlement {
  readonly id: string;
  readonly subject: EntitledSubject;
  readonly zones: readonly string[];
  /** Name of a weekly schedule; absent: at any time, on holidays as well. */
  readonly schedule?: string;
  /** Unix seconds, from then on. */
  readonly from?: number;
  /** Unix seconds, until just before. */
  readonly until?: number;
  /** Whoever comes in by it opens the zone for the others, for the day. */
  readonly opens: boolean;
}

/** As the column of the database has it, which is looked for: groups and people are apart. */
export function subjectText(subject: EntitledSubject): string {
  return "person" in subject ? `person:${subject.person}` : `group:${subject.group}`;
}

/** Without its id. @throws malformed */
export function parseEntitlement(body: JsonReader): Omit<Entitlement, "id"> {
  const person = body.optionalString("person", { max: NAME_LENGTH_MAX });
  const group = body.optionalString("group", { max: NAME_LENGTH_MAX });
  if ((person === undefined) === (group === undefined))
    throw body.wrong("person", "either a person or a group");
  const subject = person === undefined ? { group: group! } : { person };
  const zones = body.array("zones", { max: ZONES_MAX }).map((zone) => {
    if (typeof zone === "string" && zone.length > 0 && zone.length <= NAME_LENGTH_MAX) return zone;
    throw body.wrong("zones", "not names of zones");
  });
  if (zones.length === 0) throw body.wrong("zones", "an entitlement to nothing");
  const schedule = body.optionalString("schedule", { max: NAME_LENGTH_MAX });
  const from = body.optionalUint("from", { max: TIME_MAX });
  const until = body.optionalUint("until", { max: TIME_MAX });
  if (from !== undefined && until !== undefined && from >= until)
    throw body.wrong("until", "is not after from");
  return {
    subject,
    zones,
    ...(schedule !== undefined && { schedule }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    opens: body.optionalBoolean("opens") ?? false,
  };
}

/** Without its id. */
export function writeEntitlement(entitlement: Omit<Entitlement, "id">): JsonObject {
  const { subject, zones, schedule, from, until, opens } = entitlement;
  return {
    ...subject,
    zones,
    ...(schedule !== undefined && { schedule }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    opens,
  };
}
