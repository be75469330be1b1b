import type { ErrorCode } from "../../protocol/error-codes.ts";
import { ALL_ZONES, type Entitlement } from "./entitlement.ts";
import type { Direction } from "./passage.ts";
import type { Rules, Site, ZoneRule } from "./rules.ts";
import { isOpen } from "./schedule.ts";
import { type WallTime, wallTime } from "./wall-time.ts";

/**
 * Why not: nothing entitles to the zone (now: `not-yet-valid`, `expired`); what does is for other
 * hours; the rules do not say; the server does not know the time.
 */
export type AccessDenialCode = Extract<
  ErrorCode,
  "entitlement-denied" | "outside-schedule" | "policy-unclear" | "clock-untrusted"
>;

export interface AccessGrant {
  readonly allowed: true;
  /** Id of what entitles. */
  readonly entitlement: string;
  /** Whether it opens the zone for others, where that is asked for. */
  readonly opens: boolean;
}

export interface AccessDenial {
  readonly allowed: false;
  readonly code: AccessDenialCode;
  /** For the audit log. */
  readonly cause?: string;
  /** Which entitlement came closest. */
  readonly entitlement?: string;
}

export type AccessDecision = AccessGrant | AccessDenial;

export interface AccessQuestion {
  /** Of the person, and of all groups that the person is in. Those of others must not be here. */
  readonly entitlements: readonly Entitlement[];
  /** The reader's. */
  readonly zone: string | undefined;
  readonly direction: Direction;
  /** Unix seconds. */
  readonly at: number;
}

/** 2020-01-01. A machine that wakes up before that has not been told the time. */
const EARLIEST_AT = 1_577_836_800;

const deny = (code: AccessDenialCode, cause?: string, entitlement?: string): AccessDenial => ({
  allowed: false,
  code,
  ...(cause !== undefined && { cause }),
  ...(entitlement !== undefined && { entitlement }),
});

/** A zone with all that its rules name, and the time there. */
export interface KnownZone {
  readonly rule: ZoneRule;
  readonly site: Site;
  readonly wall: WallTime;
}

/** What is known of a zone at a time, or what is not clear about it. */
export function knownZone(rules: Rules, zone: string, at: number): KnownZone | AccessDenial {
  if (!(at >= EARLIEST_AT)) return deny("clock-untrusted");
  const rule = rules.zone.get(zone);
  if (rule === undefined) return deny("policy-unclear", "zone-unknown");
  const site = rules.site.get(rule.site);
  if (site === undefined) return deny("policy-unclear", "site-unknown");
  const wall = wallTime(site.timeZone, at);
  if (wall === undefined) return deny("policy-unclear", "time-zone-unknown");
  return { rule, site, wall };
}

/** Whether one entitlement, which names the zone, lets pass now. */
function judge(
  rules: Rules,
  { rule, site, wall }: KnownZone,
  { id, schedule: name, from, until, opens }: Entitlement,
  { at, direction }: AccessQuestion,
): AccessDecision {
  if (from !== undefined && at < from) return deny("entitlement-denied", "not-yet-valid", id);
  if (until !== undefined && at >= until) return deny("entitlement-denied", "expired", id);
  // Whoever is inside may leave at any hour.
  if (name === undefined || direction === "out") return { allowed: true, entitlement: id, opens };
  const schedule = rules.schedule.get(name);
  if (schedule === undefined) return deny("policy-unclear", "schedule-unknown", id);
  const calendarName = rule.calendar ?? site.calendar;
  const calendar = calendarName === undefined ? new Map() : rules.calendar.get(calendarName);
  if (calendar === undefined) return deny("policy-unclear", "calendar-unknown", id);
  if (!isOpen(schedule, calendar, wall)) return deny("outside-schedule", undefined, id);
  return { allowed: true, entitlement: id, opens };
}

/** Of several denials the one that tells most is given. */
const TELLING: readonly AccessDenialCode[] = [
  ...(["outside-schedule", "policy-unclear", "entitlement-denied"] as const),
];

/**
 * May somebody with these entitlements pass here now? Denies whatever the rules do not clearly
 * allow. Knows nothing of badges, nor of who passed before: see `passage.ts`. Of several
 * entitlements that allow it, one that opens the zone for others comes first.
 */
export function decideAccess(rules: Rules, question: AccessQuestion): AccessDecision {
  const { zone, at, entitlements } = question;
  if (zone === undefined) return deny("entitlement-denied", "reader-without-zone");
  const known = knownZone(rules, zone, at);
  if ("allowed" in known) return known;
  const judged = entitlements
    .filter(({ zones }) => zones.includes(zone) || zones.includes(ALL_ZONES))
    .map((entitlement) => judge(rules, known, entitlement, question));
  const grants = judged.filter((each) => each.allowed);
  const grant = grants.find(({ opens }) => opens) ?? grants[0];
  if (grant !== undefined) return grant;
  const denials = judged.filter((each) => !each.allowed);
  for (const code of TELLING) {
    const telling = denials.find((denial) => denial.code === code);
    if (telling !== undefined) return telling;
  }
  return deny("entitlement-denied");
}
