import assert from "node:assert/strict";
import fc from "fast-check";
import { LatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { type AccessQuestion, decideAccess } from "../../server/policy/access.ts";
import { parseEntitlement, writeEntitlement } from "../../server/policy/entitlement.ts";
import { type PassbackRule, passbackViolation, passed } from "../../server/policy/passage.ts";
import {
  parseRule,
  RULE_KINDS,
  type Rules,
  readRule,
  writeRule,
} from "../../server/policy/rules.ts";
import { daily, entitlement, rulesOf, span, utc } from "./policy-world.ts";

/** A Friday, 14:00 in Berlin. */
const NOON = utc("2026-06-05T12:00");

const RULES: Rules = rulesOf({
  site: { hq: { timeZone: "Europe/Berlin", calendar: "hq" } },
  zone: {
    lab: { site: "hq", firstPerson: false },
    vault: { site: "hq", calendar: "closed", firstPerson: false },
    nowhere: { site: "lost", firstPerson: false },
    broken: undefined,
  },
  schedule: {
    office: [{ days: [1, 2, 3, 4, 5], ...span("08:00", "18:00") }],
    night: [daily("22:00", "06:00")],
    broken: undefined,
  },
  calendar: { hq: new Map([["12-25", []]]), closed: new Map([["2026-06-05", []]]) },
});

const ask = (change: Partial<AccessQuestion> = {}, rules = RULES) =>
  decideAccess(rules, {
    ...{ entitlements: [entitlement()], zone: "lab", direction: "in", at: NOON },
    ...change,
  });
const why = (change: Partial<AccessQuestion>, rules = RULES) => {
  const decision = ask(change, rules);
  return decision.allowed ? "allowed" : [decision.code, decision.cause].join(" ").trim();
};
const one = (change: Parameters<typeof entitlement>[0]) => ({
  entitlements: [entitlement(change)],
});

describe("policy: who may pass", () => {
  it("an entitlement to the zone lets pass and is named", () => {
    assert.deepEqual(ask(), { allowed: true, entitlement: "e1", opens: false });
    assert.equal(why(one({ zones: ["*"] })), "allowed");
  });

  it("without one, to another zone, or at a reader of no zone, nobody passes", () => {
    assert.equal(why({ entitlements: [] }), "entitlement-denied");
    assert.equal(why(one({ zones: ["vault"] })), "entitlement-denied");
    assert.equal(
      why({ ...one({ zones: ["*"] }), zone: undefined }),
      "entitlement-denied reader-without-zone",
    );
  });

  it("outside the schedule the answer says so, and which entitlement it was", () => {
    const evening = { ...one({ schedule: "office" }), at: utc("2026-06-05T16:00") };
    assert.deepEqual(ask(evening), { allowed: false, code: "outside-schedule", entitlement: "e1" });
    assert.equal(why({ ...evening, at: utc("2026-06-05T15:59") }), "allowed");
    assert.equal(why({ ...evening, at: utc("2026-12-25T10:00") }), "outside-schedule", "a holiday");
    assert.equal(
      why({ ...one({ schedule: "office", zones: ["vault"] }), zone: "vault" }),
      "outside-schedule",
    );
  });

  it("is valid from its first second until before its last", () => {
    const term = one({ from: NOON, until: NOON + 10 });
    assert.equal(why({ ...term, at: NOON - 1 }), "entitlement-denied not-yet-valid");
    assert.equal(why({ ...term, at: NOON }), "allowed");
    assert.equal(why({ ...term, at: NOON + 9 }), "allowed");
    assert.equal(why({ ...term, at: NOON + 10 }), "entitlement-denied expired");
  });

  it("whoever is inside may leave at any hour, with an entitlement that is in force", () => {
    const leaving = { direction: "out", at: utc("2026-06-05T20:00") } as const;
    assert.equal(why({ ...one({ schedule: "office" }), ...leaving }), "allowed");
    assert.equal(why({ ...one({ until: NOON }), ...leaving }), "entitlement-denied expired");
    assert.equal(why({ entitlements: [], ...leaving }), "entitlement-denied");
  });

  it("of several the one that lets pass counts, and the one that opens for others first", () => {
    const entitlements = [
      entitlement({ id: "a", schedule: "night" }),
      entitlement({ id: "b" }),
      entitlement({ id: "c", opens: true }),
    ];
    assert.deepEqual(ask({ entitlements }), { allowed: true, entitlement: "c", opens: true });
    assert.equal(why({ entitlements: entitlements.slice(0, 1) }), "outside-schedule");
  });
});

describe("policy: in doubt nobody passes", () => {
  it("a zone, site, schedule or calendar that is not there or cannot be read opens nothing", () => {
    const all = one({ zones: ["*"], schedule: "office" });
    for (const zone of ["unheard", "broken"])
      assert.equal(why({ ...all, zone }), "policy-unclear zone-unknown");
    assert.equal(why({ ...all, zone: "nowhere" }), "policy-unclear site-unknown");
    for (const schedule of ["unheard", "broken"])
      assert.equal(why(one({ schedule })), "policy-unclear schedule-unknown");
    const without = { ...RULES, calendar: new Map([["hq", undefined]]) };
    assert.equal(why(one({ schedule: "office" }), without), "policy-unclear calendar-unknown");
    const mars = { ...RULES, site: new Map([["hq", { timeZone: "Mars/Olympus" }]]) };
    assert.equal(why({}, mars), "policy-unclear time-zone-unknown");
  });

  it("an entitlement that is clear counts beside one that is not", () => {
    const entitlements = [entitlement({ schedule: "broken" }), entitlement({ id: "clear" })];
    assert.equal(why({ entitlements }), "allowed");
  });

  it("a clock that was never set opens nothing", () => {
    for (const at of [0, utc("2019-12-31T23:59"), Number.NaN, -1])
      assert.equal(why({ at }), "clock-untrusted");
  });

  it("names of JavaScript's own are names like any other", () => {
    for (const zone of ["__proto__", "constructor", "toString"])
      assert.equal(why({ ...one({ zones: ["*"] }), zone }), "policy-unclear zone-unknown");
    assert.equal(why(one({ schedule: "constructor" })), "policy-unclear schedule-unknown");
  });

  it("whatever stands where a rule should be, it is read or refused as malformed", () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const near = fc.record(
      {
        time_zone: fc.oneof(fc.constant("UTC"), json),
        site: json,
        first_person: fc.oneof(fc.boolean(), json),
        passback: fc.oneof(json, fc.record({ area: json, soft: fc.boolean(), seconds: json })),
        windows: fc.oneof(json, fc.array(fc.record({ days: json, from: fc.string(), to: json }))),
        holidays: fc.oneof(json, fc.array(fc.record({ date: fc.string(), open: json }))),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(near, fc.constantFrom(...RULE_KINDS), (value, kind) => {
        const body = new JsonReader(JSON.parse(JSON.stringify(value)));
        const lenient = readRule(kind, body);
        try {
          assert.deepEqual(parseRule(kind, body), lenient);
        } catch (error) {
          assert.ok(error instanceof LatchkeyError && error.code === "malformed", `${error}`);
          assert.equal(lenient, undefined);
        }
      }),
    );
  });

  it("refuses times, days and dates that no calendar has", () => {
    const window = { days: ["mon"], from: "08:00", to: "18:00" };
    const schedule = (change: object) =>
      readRule("schedule", new JsonReader({ windows: [{ ...window, ...change }] }));
    assert.ok(schedule({ to: "24:00" }));
    for (const change of [
      ...[{ from: "24:00" }, { to: "24:01" }, { from: "8:00" }, { from: "08:60" }],
      ...[{ to: "08:00" }, { days: [] }, { days: ["mon", "mon"] }, { days: ["moon"] }],
    ])
      assert.equal(schedule(change), undefined, JSON.stringify(change));
    const calendar = (date: string) =>
      readRule("calendar", new JsonReader({ holidays: [{ date }] }));
    for (const date of ["12-25", "02-29", "2028-02-29", "2026-12-25"])
      assert.ok(calendar(date), date);
    for (const date of ["2026-02-29", "02-30", "13-01", "2026-1-01", "26-12-25", "00-00", ""])
      assert.equal(calendar(date), undefined, date);
  });

  it("rules and entitlements come back as they were written", () => {
    for (const kind of RULE_KINDS)
      for (const rule of RULES[kind].values())
        if (rule !== undefined)
          assert.deepEqual(parseRule(kind, new JsonReader(writeRule(kind, rule))), rule);
    const passback = { area: true, seconds: 60, soft: true };
    const zone = { site: "hq", calendar: "c", passback, firstPerson: true };
    assert.deepEqual(parseRule("zone", new JsonReader(writeRule("zone", zone))), zone);
    const { id: _, ...whole } = entitlement({ schedule: "s", from: 1, until: 2, opens: true });
    assert.deepEqual(parseEntitlement(new JsonReader(writeEntitlement(whole))), whole);
  });
});

describe("policy: anti-passback", () => {
  const area: PassbackRule = { area: true, soft: false };
  const timed: PassbackRule = { area: false, seconds: 60, soft: false };

  it("by area: in before out, out before in, and whoever was never seen passes", () => {
    assert.equal(passbackViolation(area, undefined, "in", 5), undefined);
    assert.equal(passbackViolation(area, undefined, "out", 5), undefined);
    const inside = passed(undefined, "in", 5);
    assert.equal(passbackViolation(area, inside, "in", 99_999), "inside-already");
    assert.equal(passbackViolation(area, inside, "out", 6), undefined);
    const outside = passed(inside, "out", 6);
    assert.equal(passbackViolation(area, outside, "out", 7), "outside-already");
    assert.equal(passbackViolation(area, outside, "in", 7), undefined);
  });

  it("timed: nobody comes in again before the time is up, and going out does not shorten it", () => {
    const inside = passed(undefined, "in", 100);
    assert.equal(passbackViolation(timed, inside, "in", 159), "too-soon");
    assert.equal(passbackViolation(timed, inside, "in", 160), undefined);
    assert.equal(passbackViolation(timed, inside, "out", 101), undefined);
    assert.equal(passbackViolation(timed, passed(inside, "out", 110), "in", 159), "too-soon");
    assert.equal(passbackViolation(timed, inside, "in", 50), "too-soon", "a clock set back");
  });
});
