import assert from "node:assert/strict";
import type { PassageQuestion } from "../../server/policy/passage.ts";
import type { Person } from "../../server/store/policies.ts";
import type { AuditEntry, DecisionRecord, Records } from "../../server/store/records.ts";
import { addTenant, newBadge, newNode, RECORD_STORES, type ScratchStore } from "./record-stores.ts";
import { tally } from "./replicas.ts";

const entry = (tenantId: string, says = "change"): AuditEntry => ({
  ...{ tenantId, at: 5, kind: "policy-changed", data: { says } },
});
const record = (tenantId: string, says: string): DecisionRecord => ({
  entry: { tenantId, at: 5, kind: "badge-decision", data: { says } },
});
const person = (personId: string, change: Partial<Person> = {}): Person => ({
  ...{ tenantId: "t", personId, label: "Ada", groups: [], status: "active", createdAt: 7 },
  ...change,
});

for (const { name, make } of RECORD_STORES)
  describe(`policies in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    let other: Records;
    before(async function () {
      store = await make(this);
      records = await store.open();
      other = await store.open();
      for (const tenantId of ["t", "u"]) await addTenant(records, tenantId);
      for (const n of [1, 2]) await records.enrolNode(newNode("t", `n${n}`, n), undefined);
    });
    after(() => store?.drop());

    const says = async (tenantId: string) =>
      (await records.auditRows(tenantId, 10_000)).map(({ data }) => JSON.parse(data).says);

    it("keeps rules by kind and name, and counts the changes of each tenant", async () => {
      assert.equal(await records.policyRevision("t"), 0);
      const put = (kind: "site" | "zone", key: string, body: string, tenantId = "t") =>
        records.putRule(tenantId, { kind, name: key, body }, entry(tenantId));
      await put("site", "hq", "1");
      await put("zone", "hq", "2");
      await put("zone", "Ünï 🚪", "ä\u2028🚪".repeat(20_000));
      await put("zone", "hq", "3");
      await put("zone", "hq", "3");
      await put("site", "hq", "other", "u");
      assert.equal(await records.policyRevision("t"), 5);
      assert.equal(await records.policyRevision("u"), 1);
      assert.deepEqual(await records.rules("t"), [
        { kind: "site", name: "hq", body: "1" },
        { kind: "zone", name: "hq", body: "3" },
        { kind: "zone", name: "Ünï 🚪", body: "ä\u2028🚪".repeat(20_000) },
      ]);
      assert.equal(await records.removeRule("t", "schedule", "hq", entry("t")), false);
      assert.equal(await records.removeRule("u", "zone", "hq", entry("u")), false);
      assert.equal(await records.policyRevision("t"), 5, "nothing was changed");
      assert.equal(await records.removeRule("t", "zone", "hq", entry("t", "gone")), true);
      assert.equal(await records.policyRevision("t"), 6);
      assert.equal((await says("t")).filter((text) => text === "change").length, 5);
      assert.equal((await says("t")).at(-1), "gone");
      await assert.rejects(put("site", "x", "y", "nobody"), { code: "conflict" });
    });

    it("keeps people, who are changed and never gone", async () => {
      await records.putPerson(person("p1", { groups: ["staff", "ü"] }), entry("t"));
      await records.putPerson(person("p0"), entry("t"));
      assert.deepEqual(await records.person("t", "p1"), person("p1", { groups: ["staff", "ü"] }));
      const changed = person("p1", { label: "Countess", status: "suspended" });
      await records.putPerson({ ...changed, createdAt: 99 }, entry("t"));
      assert.deepEqual(await records.person("t", "p1"), changed);
      assert.equal(await records.person("u", "p1"), undefined);
      const ids = async (limit: number, after?: string) =>
        (await records.people("t", limit, after)).map(({ personId }) => personId);
      assert.deepEqual(await ids(9), ["p0", "p1"]);
      assert.deepEqual(await ids(1), ["p0"]);
      assert.deepEqual(await ids(9, "p0"), ["p1"]);
    });

    it("gives a badge to a person, in the badge's own tenant", async () => {
      await records.createBadge(newBadge("t", "04aa"));
      const before = await records.policyRevision("t");
      assert.equal(await records.giveBadge("u", "04aa", "p1", entry("u")), false);
      assert.equal(await records.giveBadge("t", "04bb", "p1", entry("t")), false);
      assert.equal(await records.policyRevision("t"), before);
      assert.equal(await records.giveBadge("t", "04aa", "p1", entry("t")), true);
      assert.equal((await records.badge("t", "04aa"))?.personId, "p1");
      assert.equal(await records.policyRevision("t"), before + 1);
    });

    it("finds entitlements by whom they are for, page by page as well", async () => {
      const add = (id: string, subject: string, tenantId = "t") =>
        records.addEntitlement(tenantId, { id, subject, body: `{"${id}":1}` }, entry(tenantId));
      await add("e2", "group:staff");
      await add("e1", "person:p1");
      await add("e3", "person:p2");
      await add("e1", "person:p1", "u");
      await assert.rejects(add("e1", "person:p2"), { code: "conflict" });
      const of = async (...subjects: string[]) =>
        (await records.entitlementsOf("t", subjects)).map(({ id }) => id);
      assert.deepEqual(await of("person:p1", "group:staff"), ["e1", "e2"]);
      assert.deepEqual(await of("group:p1", "Person:p1", "person:p1 ", "' OR 1=1"), []);
      assert.deepEqual(await of(), []);
      const page = await records.entitlements("t", 2, "e1");
      assert.deepEqual(page, [
        { id: "e2", subject: "group:staff", body: '{"e2":1}' },
        { id: "e3", subject: "person:p2", body: '{"e3":1}' },
      ]);
      assert.equal(await records.removeEntitlement("t", "e9", entry("t")), false);
      assert.equal(await records.removeEntitlement("t", "e1", entry("t")), true);
      assert.deepEqual(await of("person:p1"), []);
      assert.equal((await records.entitlements("u", 9)).length, 1);
    });

    const area = { area: true, soft: false };
    const asks = (change: Partial<PassageQuestion> = {}): PassageQuestion => ({
      ...{ zone: "lab", subject: "person:p1", direction: "in", at: 100, passback: area },
      ...change,
    });
    /** Over one replica or the other, with the revision as it is. */
    const pass = async (
      passage: PassageQuestion,
      {
        by = records,
        revision,
        nodeUid = "n1",
      }: { by?: Records; revision?: number; nodeUid?: string } = {},
    ) => {
      const now = revision ?? (await by.policyRevision("t"));
      const outcome = await by.recordPassage(record("t", "granted"), {
        ...{ tenantId: "t", nodeUid },
        policy: { revision: now, passage, soft: (why) => record("t", `soft ${why}`) },
        refused: (obstacle, cause) => record("t", [obstacle, cause].join(" ").trim()),
      });
      return outcome ?? "granted";
    };

    it("lets nobody in twice, counts each zone and person apart, and forgives", async () => {
      assert.equal(await pass(asks()), "granted");
      assert.equal(await pass(asks(), { by: other }), "passback");
      assert.equal((await says("t")).at(-1), "passback inside-already");
      assert.equal(await pass(asks({ zone: "hall" })), "granted");
      assert.equal(await pass(asks({ subject: "badge:p1" })), "granted");
      assert.equal(await pass(asks({ direction: "out" })), "granted");
      assert.equal(await pass(asks({ direction: "out" })), "passback");
      assert.equal(await pass(asks({ at: 200 })), "granted");
      assert.deepEqual(await records.presence("t", "person:p1"), [
        { zone: "hall", subject: "person:p1", inside: true, cameAt: 100 },
        { zone: "lab", subject: "person:p1", inside: true, cameAt: 200 },
      ]);
      assert.equal(await records.forgive("t", "person:p1", "vault", entry("t", "none")), 0);
      assert.equal(await records.forgive("u", "person:p1", undefined, entry("u", "none")), 0);
      assert.equal(await records.forgive("t", "person:p1", "lab", entry("t", "forgiven")), 1);
      assert.equal((await says("t")).at(-1), "forgiven");
      assert.equal(await pass(asks()), "granted");
      assert.equal(await records.forgive("t", "person:p1", undefined, entry("t")), 2);
      assert.deepEqual(await records.presence("t", "person:p1"), []);
    });

    it("lets pass what violates a soft rule, and records that instead", async () => {
      const passback = { area: true, seconds: 60, soft: true };
      assert.equal(await pass(asks({ passback, subject: "person:s" })), "granted");
      assert.equal(await pass(asks({ passback, subject: "person:s" })), "granted");
      assert.equal((await says("t")).at(-1), "soft inside-already");
    });

    it("opens a zone for the others by one who may, for that day", async () => {
      const first = (day: string, opens: boolean, direction: "in" | "out" = "in") => {
        const { passback: _, ...rest } = asks({ zone: "vault", direction });
        return pass({ ...rest, firstPerson: { day, opens } });
      };
      assert.equal(await first("2026-06-05", false), "first-person-missing");
      assert.equal(await first("2026-06-05", false, "out"), "granted");
      assert.equal(await first("2026-06-05", true, "out"), "granted");
      assert.equal(
        await first("2026-06-05", false),
        "first-person-missing",
        "going out opens nothing",
      );
      assert.equal(await first("2026-06-05", true), "granted");
      assert.equal(await first("2026-06-05", false), "granted");
      assert.equal(await first("2026-06-06", false), "first-person-missing");
    });

    it("records nothing by rules that are no longer so", async () => {
      const before = await says("t");
      const revision = (await records.policyRevision("t")) - 1;
      assert.equal(await pass(asks({ subject: "person:new" }), { revision }), "policy-changed");
      assert.deepEqual(await says("t"), before);
      assert.deepEqual(await records.presence("t", "person:new"), []);
      const step = {
        ...{ tenantId: "t", nodeUid: "n1", badgeUid: "04aa", readCounter: 50 },
        policy: { revision },
        refused: () => record("t", "refused"),
      };
      assert.equal(await records.recordDecision(record("t", "x"), step), "policy-changed");
      assert.equal((await records.badge("t", "04aa"))?.readCounter, -1, "nor is a counter raised");
    });

    it("lets one of many in who come at once, at two readers of two replicas", async () => {
      for (const passback of [area, { area: false, seconds: 60, soft: false }]) {
        const subject = `person:race ${passback.area}`;
        const outcomes = await Promise.all(
          Array.from({ length: 40 }, (_, n) =>
            pass(asks({ subject, passback }), {
              by: n % 2 ? records : other,
              nodeUid: `n${1 + (n % 2)}`,
            }),
          ),
        );
        assert.deepEqual(tally(outcomes), { granted: 1, passback: 39 });
        assert.equal((await records.presence("t", subject)).length, 1);
      }
    });

    it("decides by the old rules or the new ones while they are changed, never by a mixture", async () => {
      const revision = await records.policyRevision("t");
      const work = Array.from({ length: 30 }, (_, n) =>
        n % 3 === 0
          ? other
              .putRule("t", { kind: "zone", name: "lab", body: `${n}` }, entry("t", "rule"))
              .then(() => "rule")
          : pass(asks({ subject: `person:mix ${n}` }), { revision }),
      );
      const counts = tally(await Promise.all(work));
      assert.equal(counts["rule"], 10);
      assert.equal((counts["granted"] ?? 0) + (counts["policy-changed"] ?? 0), 20);
      const rows = await says("t");
      const changed = rows.indexOf("rule");
      assert.ok(!rows.slice(changed).includes("granted"), "a grant stands behind the change");
      assert.equal(await records.policyRevision("t"), revision + 10);
    });
  });
