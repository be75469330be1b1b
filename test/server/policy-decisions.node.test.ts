import assert from "node:assert/strict";
import type { Card } from "../../host-sim/nfc/card.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import type { Entitlement } from "../../server/policy/entitlement.ts";
import type { PolicyAdmin } from "../../server/policy/policy-admin.ts";
import type { ZoneRule } from "../../server/policy/rules.ts";
import { createService } from "../../server/service.ts";
import { signingKeys } from "../../server/signing-keys.ts";
import { MemoryEphemera } from "../../server/store/memory-ephemera.ts";
import type { Records } from "../../server/store/records.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { Vault } from "../../server/vault.ts";
import { badge, Desk, inProcess, reasonOf, TestNode } from "./desk.ts";
import { span } from "./policy-world.ts";
import { sealedBadge, sealedTap } from "./sealed-desk.ts";

const LAB: ZoneRule = { site: "hq", firstPerson: false };
const AREA = { area: true, soft: false };
const OFTEN = { burst: 100_000, perSecond: 1 };

/** Sunday 2026-03-01, 13:00 in Berlin: the desk's clock begins then. */
describe("service: who may pass, where and when", () => {
  let desk: Desk;
  let tenantId: string;
  let policy: PolicyAdmin;
  let entry: TestNode;
  let exit: TestNode;
  let elsewhere: TestNode;
  let ada: string;
  let card: Card;

  beforeEach(async () => {
    desk = new Desk({ limits: { tapsByNode: OFTEN, requestsByNode: OFTEN } });
    const tenant = await desk.tenant();
    const { admin } = desk.service;
    tenantId = tenant.tenantId;
    policy = admin.policy;
    await policy.putRule(tenantId, "site", "hq", { timeZone: "Europe/Berlin" });
    await policy.putRule(tenantId, "zone", "lab", LAB);
    const nodes = ["entry", "exit", "elsewhere"].map((name) => desk.node(tenant, { name }).boot());
    [entry, exit, elsewhere] = (await Promise.all(nodes)) as [TestNode, TestNode, TestNode];
    await admin.changeNode(tenantId, entry.nodeUid, { zone: "lab" });
    await admin.changeNode(tenantId, exit.nodeUid, { zone: "lab", direction: "out" });
    card = await badge(desk.service, tenantId);
    ada = (await policy.putPerson({ tenantId, label: "Ada" })).personId;
    await policy.giveBadge(tenantId, card.uid, ada);
  });
  afterEach(() => desk.close());

  const entitle = (change: Partial<Entitlement> = {}) =>
    policy.entitle(tenantId, {
      ...{ subject: { person: ada }, zones: ["lab"], opens: false },
      ...change,
    });
  const tap = async (node: TestNode, which: Card = card) => reasonOf(await node.tap(which));
  const lastRow = async () =>
    JSON.parse((await desk.service.admin.auditRows(tenantId)).at(-1)!.data);
  const alarms = async () =>
    (await desk.service.admin.alarms(tenantId)).map(({ kind, cause }) => `${kind} ${cause}`);
  const anotherBadge = async (personId?: string) => {
    const other = await badge(desk.service, tenantId);
    if (personId !== undefined) await policy.giveBadge(tenantId, other.uid, personId);
    return other;
  };

  it("a badge that is given to a person opens nothing until the person may pass", async () => {
    assert.equal(await tap(entry), "entitlement-denied");
    const { id } = await entitle();
    assert.equal(await tap(entry), "granted");
    const row = await lastRow();
    assert.deepEqual([row.person_id, row.entitlement], [ada, id]);
    assert.equal(await tap(elsewhere), "entitlement-denied", "at a reader of no zone");
    assert.equal((await lastRow()).cause, "reader-without-zone");
    await policy.removeEntitlement(tenantId, id);
    assert.equal(await tap(entry), "entitlement-denied");
  });

  it("a group's entitlement is that of each of its people, while they are in it", async () => {
    await entitle({ subject: { group: "staff" } });
    assert.equal(await tap(entry), "entitlement-denied");
    await policy.putPerson({ tenantId, personId: ada, groups: ["staff"] });
    assert.equal(await tap(entry), "granted");
    await policy.putPerson({ tenantId, personId: ada, groups: [] });
    assert.equal(await tap(entry), "entitlement-denied");
    const other = await anotherBadge(
      (await policy.putPerson({ tenantId, label: "staff" })).personId,
    );
    assert.equal(await tap(entry, other), "entitlement-denied", "a person of the group's name");
  });

  it("a schedule, a holiday and the days of validity count at the place of the door", async () => {
    const days = [1, 2, 3, 4, 5, 6, 7];
    await policy.putRule(tenantId, "schedule", "noon", [{ days, ...span("13:00", "14:00") }]);
    await entitle({ schedule: "noon", until: Math.floor(desk.nowMs / 1000) + 2 * 86_400 });
    assert.equal(await tap(entry), "granted");
    desk.nowMs += 3_600_000;
    assert.equal(await tap(entry), "outside-schedule");
    desk.nowMs += 23 * 3_600_000;
    await entry.identity.authenticate();
    assert.equal(await tap(entry), "granted");
    await policy.putRule(tenantId, "calendar", "de", new Map([["2026-03-02", []]]));
    await policy.putRule(tenantId, "site", "hq", { timeZone: "Europe/Berlin", calendar: "de" });
    assert.equal(await tap(entry), "outside-schedule");
    desk.nowMs += 24 * 3_600_000;
    await entry.identity.authenticate();
    assert.equal(await tap(entry), "entitlement-denied");
    assert.equal((await lastRow()).cause, "expired");
  });

  it("suspending a person shuts all doors to all their badges, and leaves the badges be", async () => {
    await entitle();
    const second = await anotherBadge(ada);
    for (const status of ["suspended", "removed"] as const) {
      await policy.putPerson({ tenantId, personId: ada, status });
      assert.equal(await tap(entry), "person-suspended");
      assert.equal(await tap(entry, second), "person-suspended");
      assert.equal((await lastRow()).cause, `person-${status}`);
    }
    await policy.putPerson({ tenantId, personId: ada, status: "active" });
    assert.equal(await tap(entry), "granted");
  });

  it("a badge's own scope narrows what its person may, and does not widen it", async () => {
    await entitle();
    await desk.service.admin.setBadgeScope(tenantId, card.uid, { nodes: [], zones: ["hall"] });
    assert.equal(await tap(entry), "entitlement-denied");
    assert.equal((await lastRow()).cause, "badge-scope");
    const scope = { nodes: [elsewhere.nodeUid], zones: ["lab"] };
    await desk.service.admin.setBadgeScope(tenantId, card.uid, scope);
    assert.equal(await tap(entry), "granted");
    assert.equal(await tap(elsewhere), "entitlement-denied");
  });

  it("a badge of nobody goes by its scope, as it did before there were rules", async () => {
    const free = await anotherBadge();
    for (const node of [entry, exit, elsewhere]) assert.equal(await tap(node, free), "granted");
    assert.equal((await lastRow()).person_id, undefined);
  });

  it("a rule that goes missing shuts the door rather than opening it", async () => {
    await policy.putRule(tenantId, "schedule", "all", [
      { days: [1, 2, 3, 4, 5, 6, 7], ...span("00:00", "24:00") },
    ]);
    await entitle({ schedule: "all" });
    const free = await anotherBadge();
    assert.equal(await tap(entry), "granted");
    await policy.removeRule(tenantId, "schedule", "all");
    assert.equal(await tap(entry), "policy-unclear");
    await policy.removeRule(tenantId, "site", "hq");
    assert.equal(await tap(entry), "policy-unclear");
    assert.equal((await lastRow()).cause, "site-unknown");
    assert.equal(await tap(entry, free), "policy-unclear", "a badge of nobody in a ruled zone");
  });

  it("a copy is found out before the rules are asked", async () => {
    const challenge = await entry.challenge();
    const first = await entry.answer(card, await entry.challenge());
    assert.equal(reasonOf(await entry.decide(first)), "entitlement-denied");
    const copy = { ...(await entry.answer(card, challenge)), picc: first.picc, cmac: first.cmac };
    assert.equal(reasonOf(await entry.decide(copy)), "badge-cloned");
  });

  it("rules count for sealed badges as they do for open ones", async () => {
    const sealed = await sealedBadge(desk.service, tenantId);
    await policy.giveBadge(tenantId, sealed.uid, ada);
    assert.equal(reasonOf(await sealedTap(entry, sealed)), "entitlement-denied");
    await entitle();
    await policy.putRule(tenantId, "zone", "lab", { ...LAB, passback: AREA });
    assert.equal(reasonOf(await sealedTap(entry, sealed)), "granted");
    assert.equal(reasonOf(await sealedTap(entry, sealed)), "passback");
    assert.equal(await tap(entry), "passback", "it is the person who is inside");
  });

  it("another tenant's people, rules and entitlements are none", async () => {
    const other = await desk.tenant();
    const eve = (await policy.putPerson({ tenantId: other.tenantId, label: "Eve" })).personId;
    const unknown = { code: "rule-unknown" };
    await assert.rejects(policy.giveBadge(tenantId, card.uid, eve), unknown);
    await assert.rejects(policy.giveBadge(other.tenantId, card.uid, eve), {
      code: "badge-unknown",
    });
    await assert.rejects(entitle({ subject: { person: eve } }), unknown);
    const { id } = await entitle();
    await assert.rejects(policy.removeEntitlement(other.tenantId, id), unknown);
    await assert.rejects(policy.putPerson({ tenantId: other.tenantId, personId: ada }), unknown);
    const zone = policy.putRule(other.tenantId, "zone", "lab", LAB);
    await assert.rejects(zone, unknown, "the site is another tenant's");
    assert.equal(await policy.person(other.tenantId, ada), undefined);
  });

  describe("anti-passback", () => {
    beforeEach(async () => {
      await policy.putRule(tenantId, "zone", "lab", { ...LAB, passback: AREA });
      await entitle();
    });

    it("in, out and in again; not in twice, and the alarm says who", async () => {
      assert.equal(await tap(entry), "granted");
      assert.equal(await tap(entry), "passback");
      assert.deepEqual(await alarms(), ["passback inside-already"]);
      assert.equal((await lastRow()).cause, "inside-already");
      assert.equal(await tap(exit), "granted");
      assert.equal(await tap(exit), "passback");
      assert.equal(await tap(entry), "granted");
      assert.ok((await desk.service.admin.verifyAudit(tenantId)).intact);
    });

    it("counts the person, whichever of their badges it is, and each person alone", async () => {
      const second = await anotherBadge(ada);
      assert.equal(await tap(entry), "granted");
      assert.equal(await tap(entry, second), "passback");
      const free = await anotherBadge();
      assert.equal(await tap(entry, free), "granted");
      assert.equal(await tap(entry, free), "passback", "a badge of nobody counts as itself");
      await policy.forgiveBadge(tenantId, free.uid);
      assert.equal(await tap(entry, free), "granted");
    });

    it("a manager forgives, which is written down and counts once", async () => {
      await tap(entry);
      assert.equal(await policy.forgive(tenantId, ada, "lab"), 1);
      const row = (await desk.service.admin.auditRows(tenantId)).at(-1)!;
      assert.deepEqual(
        [row.kind, JSON.parse(row.data).subject],
        ["passback-forgiven", `person:${ada}`],
      );
      assert.equal(await tap(entry), "granted");
      assert.equal(await tap(entry), "passback");
    });

    it("a denial for another reason does not count as having come in", async () => {
      await desk.service.admin.setBadgeScope(tenantId, card.uid, { nodes: [], zones: [] });
      assert.equal(await tap(entry), "entitlement-denied");
      assert.deepEqual(await policy.presence(tenantId, ada), []);
    });

    it("a soft rule lets in and raises the alarm all the same", async () => {
      await policy.putRule(tenantId, "zone", "lab", { ...LAB, passback: { ...AREA, soft: true } });
      assert.equal(await tap(entry), "granted");
      assert.equal(await tap(entry), "granted");
      assert.deepEqual(await alarms(), ["passback inside-already, let in"]);
      const row = await lastRow();
      assert.deepEqual([row.granted, row.passback], [true, "inside-already"]);
    });

    it("timed, it holds a second visit off until the time is up", async () => {
      const passback = { area: false, seconds: 300, soft: false };
      await policy.putRule(tenantId, "zone", "lab", { ...LAB, passback });
      assert.equal(await tap(entry), "granted");
      desk.nowMs += 299_000;
      assert.equal(await tap(entry), "passback");
      desk.nowMs += 1000;
      assert.equal(await tap(entry), "granted");
    });

    it("of two badges of one person at two readers at once, one gets in", async () => {
      const second = await anotherBadge(ada);
      const other = await desk.node(entry.provisioning, { name: "back door" }).boot();
      await desk.service.admin.changeNode(tenantId, other.nodeUid, { zone: "lab" });
      for (let round = 0; round < 5; round++) {
        const answers = await Promise.all([tap(entry), tap(other, second)]);
        assert.deepEqual(answers.sort(), ["granted", "passback"]);
        await policy.forgive(tenantId, ada);
      }
    });
  });

  it("a zone stays shut, each day, until somebody who opens it has come in", async () => {
    await policy.putRule(tenantId, "zone", "lab", { ...LAB, firstPerson: true });
    await entitle();
    const warden = (await policy.putPerson({ tenantId, label: "Warden" })).personId;
    const key = await anotherBadge(warden);
    await entitle({ subject: { person: warden }, opens: true });
    const free = await anotherBadge();
    assert.equal(await tap(entry), "first-person-missing");
    assert.equal(await tap(entry, free), "first-person-missing");
    assert.equal(await tap(exit), "granted", "whoever is inside gets out");
    assert.equal(await tap(entry, key), "granted");
    assert.equal(await tap(entry), "granted");
    assert.equal(await tap(entry, free), "granted");
    desk.nowMs += 11 * 3_600_000; // midnight in Berlin
    await entry.identity.authenticate();
    assert.equal(await tap(entry), "first-person-missing");
  });

  it("tells a manager what it would decide, and records nothing", async () => {
    const { id } = await entitle({ from: 2_000_000_000 });
    const rows = (await desk.service.admin.auditRows(tenantId)).length;
    const ask = (at?: number) =>
      policy.ask({ tenantId, personId: ada, zone: "lab", ...(at !== undefined && { at }) });
    assert.deepEqual(await ask(), {
      ...{ allowed: false, code: "entitlement-denied", cause: "not-yet-valid", entitlement: id },
    });
    assert.equal((await ask(2_000_000_000)).allowed, true);
    assert.equal((await desk.service.admin.auditRows(tenantId)).length, rows);
  });
});

describe("service: rules that change under a tap", () => {
  /** A service over records in which something happens before a decision is recorded. */
  async function meddled(meddle: (records: Records, attempt: number) => Promise<void>) {
    const stored = openSqliteRecords(":memory:");
    const random = new Prng("meddled", "server");
    let attempt = 0;
    const records: Records = {
      ...stored,
      async recordDecision(fresh, step) {
        await meddle(stored, ++attempt);
        return stored.recordDecision(fresh, step);
      },
    };
    const clock = { nowMs: 1_772_366_400_000 };
    const service = createService({
      ...{ records, ephemera: new MemoryEphemera(), crypto: nodeCrypto, random },
      clock: { unixMs: () => clock.nowMs },
      keys: signingKeys(nodeCrypto, [new Secret(random.bytes(32))]),
      vault: new Vault(nodeCrypto, random, new Secret(random.bytes(32))),
      log: { write: () => {} },
    });
    const { admin } = service;
    const { tenantId } = await admin.createTenant({ name: "t", registration: "auto" });
    const provisioning = await admin.provisioning(tenantId);
    const node = await new TestNode(provisioning, inProcess(service), clock).boot();
    await admin.policy.putRule(tenantId, "site", "hq", { timeZone: "UTC" });
    await admin.policy.putRule(tenantId, "zone", "lab", LAB);
    await admin.changeNode(tenantId, node.nodeUid, { zone: "lab" });
    const card = await badge(service, tenantId);
    const { personId } = await admin.policy.putPerson({ tenantId, label: "Ada" });
    await admin.policy.giveBadge(tenantId, card.uid, personId);
    const order = { subject: { person: personId }, zones: ["lab"], opens: false };
    const { id } = await admin.policy.entitle(tenantId, order);
    const end = () => {
      node.identity.close();
      service.close();
    };
    return { service, node, card, tenantId, id, end, attempts: () => attempt };
  }

  it("an entitlement that is taken away after the examination counts no more", async () => {
    let world: Awaited<ReturnType<typeof meddled>>;
    world = await meddled(async (records, attempt) => {
      const entry = { tenantId: world.tenantId, at: 1, kind: "policy-changed", data: {} };
      if (attempt === 1) await records.removeEntitlement(world.tenantId, world.id, entry);
    });
    assert.equal(reasonOf(await world.node.tap(world.card)), "entitlement-denied");
    assert.equal(world.attempts(), 2);
    const rows = await world.service.admin.auditRows(world.tenantId);
    const decisions = rows.filter(({ kind }) => kind === "badge-decision");
    assert.equal(decisions.length, 1, "the attempt that came to nothing left nothing");
    world.end();
  });

  it("rules that never stand still keep the door shut", async () => {
    let world: Awaited<ReturnType<typeof meddled>>;
    world = await meddled(async (records) => {
      const entry = { tenantId: world.tenantId, at: 1, kind: "policy-changed", data: {} };
      await records.putRule(world.tenantId, { kind: "calendar", name: "x", body: "{}" }, entry);
    });
    await assert.rejects(world.node.tap(world.card), { code: "unavailable" });
    world.end();
  });
});
