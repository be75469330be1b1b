import assert from "node:assert/strict";
import type { JsonObject } from "../../protocol/json/reader.ts";
import * as paths from "../../server/api/management-paths.ts";
import type { Role } from "../../server/roles.ts";
import { badge, codeOf, Desk, reasonOf } from "./desk.ts";

/** As it goes over the wire; answers are held against the OpenAPI document by the desk. */
describe("service: rules and people by the network", () => {
  let desk: Desk;
  let tenantId: string;
  let manager: string;

  const token = async (role: Role, tenant = tenantId) =>
    desk.service.admin.createOperator({ name: role, role, tenantId: tenant });
  const post = (path: string, body: object, by = manager) =>
    desk.post(path, { tenant_id: tenantId, ...body }, { authorization: `Bearer ${by}` });
  const done = async (path: string, body: object, by = manager): Promise<JsonObject> => {
    const answer = await post(path, body, by);
    assert.equal(codeOf(answer), "ok", answer.body);
    return JSON.parse(answer.body);
  };
  const code = async (path: string, body: object, by = manager) =>
    codeOf(await post(path, body, by));

  const ALL_WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const SITE = { name: "hq", time_zone: "Europe/Berlin", calendar: "de" };
  const ZONE = { name: "lab", site: "hq", first_person: false };
  const HOURS = { name: "day", windows: [{ days: ALL_WEEK, from: "08:00", to: "18:00" }] };
  const HOLIDAYS = { name: "de", holidays: [{ date: "12-25" }, { date: "2026-12-24", open: [] }] };

  async function house(): Promise<void> {
    await done(paths.PUT_CALENDAR_PATH, HOLIDAYS);
    await done(paths.PUT_SITE_PATH, SITE);
    await done(paths.PUT_ZONE_PATH, { ...ZONE, passback: { area: true, soft: false } });
    await done(paths.PUT_SCHEDULE_PATH, HOURS);
  }
  const somebody = async () =>
    (await done(paths.PUT_PERSON_PATH, { label: "Ada" }))["person_id"] as string;

  beforeEach(async () => {
    desk = new Desk();
    tenantId = (await desk.tenant()).tenantId;
    manager = await token("manager");
  });
  afterEach(() => desk.close());

  it("a manager makes a house, lets somebody in, and forgives", async () => {
    await house();
    const person = await somebody();
    const node = await desk.node(await desk.service.admin.provisioning(tenantId)).boot();
    await done(paths.CHANGE_NODE_PATH, { node_uid: node.nodeUid, zone: "lab", direction: "in" });
    const card = await badge(desk.service, tenantId);
    const uid = Buffer.from(card.uid).toString("hex");
    await done(paths.GIVE_BADGE_PATH, { badge_uid: uid, person_id: person });
    assert.equal(reasonOf(await node.tap(card)), "entitlement-denied");
    const order = { person, zones: ["lab"], schedule: "day", until: 1_900_000_000 };
    const { entitlement_id: id } = await done(paths.ADD_ENTITLEMENT_PATH, order);
    assert.equal(reasonOf(await node.tap(card)), "granted");
    assert.equal(reasonOf(await node.tap(card)), "passback");
    const { presence } = await done(paths.LIST_PRESENCE_PATH, { person_id: person });
    assert.deepEqual(presence, [{ zone: "lab", inside: true, came_at: desk.nowMs / 1000 }]);
    assert.deepEqual(await done(paths.FORGIVE_PATH, { person_id: person }), { zones: 1 });
    assert.equal(reasonOf(await node.tap(card)), "granted");
    await done(paths.REMOVE_ENTITLEMENT_PATH, { entitlement_id: id });
    assert.equal(reasonOf(await node.tap(card)), "entitlement-denied");
    const rows = await desk.service.admin.auditRows(tenantId);
    const forgiven = rows.find(({ kind }) => kind === "passback-forgiven")!;
    assert.equal(JSON.parse(forgiven.data).by, "manager");
    assert.ok(rows.some(({ data }) => JSON.parse(data).entitlement === id));
  });

  it("gives back rules, people and entitlements as they were put", async () => {
    await house();
    const { rules, revision } = await done(paths.LIST_RULES_PATH, {});
    assert.equal(revision, 4);
    const { name: _, windows } = HOURS;
    const schedule = { kind: "schedule", name: "day", rule: { windows } };
    assert.deepEqual(
      (rules as JsonObject[]).find(({ kind }) => kind === "schedule"),
      schedule,
    );
    const person = await somebody();
    await done(paths.PUT_PERSON_PATH, {
      person_id: person,
      groups: ["staff"],
      status: "suspended",
    });
    const { people } = await done(paths.LIST_PEOPLE_PATH, {});
    const created_at = Math.floor(desk.nowMs / 1000);
    const ada = { person_id: person, label: "Ada", groups: ["staff"], status: "suspended" };
    assert.deepEqual(people, [{ ...ada, created_at }]);
    const order = { group: "staff", zones: ["*"], opens: true };
    const { entitlement_id } = await done(paths.ADD_ENTITLEMENT_PATH, order);
    const { entitlements } = await done(paths.LIST_ENTITLEMENTS_PATH, {});
    assert.deepEqual(entitlements, [{ entitlement_id, ...order }]);
  });

  it("lists page by page", async () => {
    await house();
    for (let n = 0; n < 101; n++) {
      await desk.service.admin.policy.putPerson({ tenantId, label: `Person ${n}` });
      const order = { subject: { group: `g${n}` }, zones: ["lab"], opens: false };
      await desk.service.admin.policy.entitle(tenantId, order);
    }
    for (const [path, list] of [
      [paths.LIST_PEOPLE_PATH, "people"],
      [paths.LIST_ENTITLEMENTS_PATH, "entitlements"],
    ] as const) {
      const first = await done(path, {});
      const rest = await done(path, { after: first["after"] });
      assert.deepEqual([(first[list] as []).length, (rest[list] as []).length], [100, 1]);
      assert.equal(rest["after"], undefined);
    }
  });

  it("tells what it would decide, with the reason", async () => {
    await house();
    const person = await somebody();
    const ask = (more: object = {}) =>
      done(paths.ASK_ACCESS_PATH, { person_id: person, zone: "lab", ...more });
    assert.deepEqual(await ask(), { allowed: false, code: "entitlement-denied" });
    const order = { person, zones: ["lab"], schedule: "day" };
    const { entitlement_id } = await done(paths.ADD_ENTITLEMENT_PATH, order);
    assert.deepEqual(await ask(), { allowed: true, entitlement_id });
    const night = { at: Date.parse("2026-03-01T20:00Z") / 1000 };
    const closed = { allowed: false, code: "outside-schedule", entitlement_id };
    assert.deepEqual(await ask(night), closed);
    assert.equal((await ask({ ...night, direction: "out" }))["allowed"], true);
    const unclear = { allowed: false, code: "policy-unclear", cause: "zone-unknown" };
    assert.deepEqual(await ask({ zone: "attic" }), unclear);
  });

  it("refuses what leads nowhere and what is no rule", async () => {
    await house();
    const unknown = crypto.randomUUID();
    for (const [path, body] of [
      [paths.PUT_SITE_PATH, { ...SITE, calendar: "fr" }],
      [paths.PUT_ZONE_PATH, { ...ZONE, site: "elsewhere" }],
      [paths.REMOVE_RULE_PATH, { kind: "zone", name: "attic" }],
      [paths.PUT_PERSON_PATH, { person_id: unknown, label: "x" }],
      [paths.GIVE_BADGE_PATH, { person_id: unknown, badge_uid: "04000000000001" }],
      [paths.ADD_ENTITLEMENT_PATH, { person: unknown, zones: ["lab"] }],
      [paths.ADD_ENTITLEMENT_PATH, { group: "g", zones: ["attic"] }],
      [paths.ADD_ENTITLEMENT_PATH, { group: "g", zones: ["lab"], schedule: "night" }],
      [paths.REMOVE_ENTITLEMENT_PATH, { entitlement_id: unknown }],
    ] as const)
      assert.equal(await code(path, body), "rule-unknown", JSON.stringify(body));
    for (const [path, body] of [
      [paths.PUT_SITE_PATH, { ...SITE, time_zone: "+01:00" }],
      [paths.PUT_ZONE_PATH, { ...ZONE, passback: { area: false, soft: false } }],
      [paths.PUT_SCHEDULE_PATH, { name: "x", windows: [] }],
      [paths.PUT_CALENDAR_PATH, { name: "x", holidays: [{ date: "2026-02-30" }] }],
      [paths.PUT_PERSON_PATH, {}],
      [paths.PUT_PERSON_PATH, { label: "x", groups: ["a", "a"] }],
      [paths.ADD_ENTITLEMENT_PATH, { zones: ["lab"] }],
      [paths.ADD_ENTITLEMENT_PATH, { group: "g", zones: ["lab"], from: 5, until: 5 }],
    ] as const)
      assert.equal(await code(path, body), "malformed", JSON.stringify(body));
  });

  describe("each endpoint", () => {
    const MINE = "11111111-1111-4111-8111-111111111111";
    const CHANGES: readonly (readonly [string, object])[] = [
      [paths.PUT_SITE_PATH, SITE],
      [paths.PUT_ZONE_PATH, ZONE],
      [paths.PUT_SCHEDULE_PATH, HOURS],
      [paths.PUT_CALENDAR_PATH, HOLIDAYS],
      [paths.REMOVE_RULE_PATH, { kind: "site", name: "hq" }],
      [paths.PUT_PERSON_PATH, { label: "x" }],
      [paths.GIVE_BADGE_PATH, { badge_uid: "04000000000001", person_id: MINE }],
      [paths.FORGIVE_PATH, { person_id: MINE }],
      [paths.ADD_ENTITLEMENT_PATH, { group: "g", zones: ["lab"] }],
      [paths.REMOVE_ENTITLEMENT_PATH, { entitlement_id: MINE }],
    ];
    const READS: readonly (readonly [string, object])[] = [
      [paths.LIST_RULES_PATH, {}],
      [paths.LIST_PEOPLE_PATH, {}],
      [paths.LIST_PRESENCE_PATH, { person_id: MINE }],
      [paths.LIST_ENTITLEMENTS_PATH, {}],
      [paths.ASK_ACCESS_PATH, { person_id: MINE, zone: "lab" }],
    ];

    it("is for its own tenant's people alone", async () => {
      const other = await desk.tenant();
      const stranger = await token("manager", other.tenantId);
      for (const [path, body] of [...CHANGES, ...READS])
        assert.equal(await code(path, body, stranger), "tenant-mismatch", path);
      assert.equal(await desk.service.admin.policy.rules(tenantId).then((r) => r.site.size), 0);
    });

    it("changes nothing for an auditor, and tells an operator at the door nothing", async () => {
      const [auditor, operator] = [await token("auditor"), await token("operator")];
      for (const [path, body] of CHANGES) {
        assert.equal(await code(path, body, auditor), "forbidden-role", path);
        assert.equal(await code(path, body, operator), "forbidden-role", path);
      }
      for (const [path, body] of READS) {
        assert.equal(await code(path, body, auditor), "ok", path);
        assert.equal(await code(path, body, operator), "forbidden-role", path);
      }
    });
  });
});
