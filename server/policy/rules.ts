import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { PassbackRule } from "./passage.ts";
import {
  type HolidayCalendar,
  parseCalendar,
  parseSchedule,
  type WeeklySchedule,
  writeCalendar,
  writeSchedule,
} from "./schedule.ts";
import { isTimeZone } from "./wall-time.ts";

/** A place with one time of day. */
export interface Site {
  /** `Europe/Berlin`: a name of the time zone database. */
  readonly timeZone: string;
  /** Name of its holidays; none when absent. */
  readonly calendar?: string;
}

export interface ZoneRule {
  readonly site: string;
  /** In place of the site's. */
  readonly calendar?: string;
  readonly passback?: PassbackRule;
  /** Shut for everybody, each day, until somebody came whose entitlement says `opens`. */
  readonly firstPerson: boolean;
}

/** What a tenant gives names to. */
export interface RuleKinds {
  readonly site: Site;
  readonly zone: ZoneRule;
  readonly schedule: WeeklySchedule;
  readonly calendar: HolidayCalendar;
}
export type RuleKind = keyof RuleKinds;

export const RULE_KINDS: readonly RuleKind[] = ["site", "zone", "schedule", "calendar"];

/** All of a tenant's, by name. `undefined` stands for one that cannot be read: it opens nothing. */
export type Rules = {
  readonly [kind in RuleKind]: ReadonlyMap<string, RuleKinds[kind] | undefined>;
};

export const NAME_LENGTH_MAX = 64;
const PASSBACK_SECONDS_MAX = 86_400;

function parseSite(body: JsonReader): Site {
  const timeZone = body.string("time_zone", { max: 64 });
  if (!isTimeZone(timeZone)) throw body.wrong("time_zone", "no time zone such as Europe/Berlin");
  const calendar = body.optionalString("calendar", { max: NAME_LENGTH_MAX });
  return { timeZone, ...(calendar !== undefined && { calendar }) };
}

function parsePassback(body: JsonReader): PassbackRule {
  const area = body.boolean("area");
  const seconds = body.optionalUint("seconds", { max: PASSBACK_SECONDS_MAX });
  if (!area && seconds === undefined) throw body.wrong("area", "neither by area nor timed");
  if (seconds === 0) throw body.wrong("seconds", "needs at least 1");
  return { area, ...(seconds !== undefined && { seconds }), soft: body.boolean("soft") };
}

function parseZone(body: JsonReader): ZoneRule {
  const calendar = body.optionalString("calendar", { max: NAME_LENGTH_MAX });
  const passback = body.optionalObject("passback");
  return {
    site: body.string("site", { max: NAME_LENGTH_MAX }),
    ...(calendar !== undefined && { calendar }),
    ...(passback !== undefined && { passback: parsePassback(passback) }),
    firstPerson: body.boolean("first_person"),
  };
}

function writeSite({ timeZone, calendar }: Site): JsonObject {
  return { time_zone: timeZone, ...(calendar !== undefined && { calendar }) };
}

function writePassback({ area, seconds, soft }: PassbackRule): JsonObject {
  return { area, ...(seconds !== undefined && { seconds }), soft };
}

function writeZone({ site, calendar, passback, firstPerson }: ZoneRule): JsonObject {
  return {
    site,
    ...(calendar !== undefined && { calendar }),
    ...(passback !== undefined && { passback: writePassback(passback) }),
    first_person: firstPerson,
  };
}

type Parsers = { readonly [kind in RuleKind]: (body: JsonReader) => RuleKinds[kind] };
type Writers = { readonly [kind in RuleKind]: (rule: RuleKinds[kind]) => JsonObject };

const PARSERS: Parsers = Object.freeze({
  site: parseSite,
  zone: parseZone,
  schedule: parseSchedule,
  calendar: parseCalendar,
});
const WRITERS: Writers = Object.freeze({
  site: writeSite,
  zone: writeZone,
  schedule: writeSchedule,
  calendar: writeCalendar,
});

/** @throws malformed */
export function parseRule<K extends RuleKind>(kind: K, body: JsonReader): RuleKinds[K] {
  return PARSERS[kind](body);
}

export function writeRule<K extends RuleKind>(kind: K, rule: RuleKinds[K]): JsonObject {
  return WRITERS[kind](rule);
}

/** A rule as it is stored; `undefined` when it is none. */
export function readRule<K extends RuleKind>(
  kind: K,
  body: JsonReader | undefined,
): RuleKinds[K] | undefined {
  try {
    return body && PARSERS[kind](body);
  } catch (error) {
    if (error instanceof LatchkeyError) return undefined;
    throw error;
  }
}
