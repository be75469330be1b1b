import assert from "node:assert/strict";
import { firstBrokenRow } from "../../server/store/audit-chain.ts";
import type { CardRow } from "../../server/store/card-rows.ts";
import type { DecisionRecord, Records } from "../../server/store/records.ts";
import {
  addTenant,
  key,
  newBadge,
  newNode,
  RECORD_STORES,
  type ScratchStore,
  SEALED,
} from "./record-stores.ts";

const decision = (tenantId: string, says: string, alarm = false): DecisionRecord => ({
  entry: { tenantId, at: 5, kind: "badge-decision", data: { says } },
  ...(alarm && {
    alarm: { tenantId, at: 5, kind: says, badgeUid: "b", nodeUid: "n", cause: says },
  }),
});

const card = (revision: number, change: Partial<CardRow> = {}): CardRow => ({
  ...{ tenantId: "t", badgeUid: "04aa", revision, generation: 0, generationMax: 1, lock: "open" },
  ...{ writing: true, job: { command: "new", target: 1, targetLock: "open", holder: "Ada" } },
  ...change,
});

for (const { name, make } of RECORD_STORES)
  describe(`records in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    before(async function () {
      store = await make(this);
      records = await store.open();
      await addTenant(records, "t");
      await addTenant(records, "u", { name: "Other", createdAt: 0 });
    });
    after(() => store?.drop());

    it("say how they stand: the schema, their own clock, the newest row of the log", async () => {
      const before = await records.standing();
      assert.equal(before.schema, before.known);
      assert.ok(before.known > 3);
      assert.equal(before.clockMs === undefined, name === "SQLite");
      const apart = Math.abs((before.clockMs ?? Date.now()) - Date.now());
      assert.ok(apart < 20_000, `${apart} ms apart`);
      await records.audit({ tenantId: "t", at: 1_780_000_000, kind: "standing", data: {} });
      assert.equal((await records.standing()).newestAt, 1_780_000_000);
    });

    const says = async (tenantId: string) =>
      (await records.auditRows(tenantId, 10_000)).map(({ kind, data }) => [kind, JSON.parse(data)]);

    it("gives a tenant back as it was made, and refuses a second one of its name", async () => {
      const made = {
        name: "Ünï 🚪",
        registration: "token",
        relayMs: 60_000,
        createdAt: 9,
      } as const;
      await addTenant(records, "made", made);
      assert.deepEqual(await records.tenant("made"), { tenantId: "made", ...made });
      assert.deepEqual(await records.tenantKey("made", "df1"), SEALED);
      await assert.rejects(addTenant(records, "made"), { code: "conflict" });
      assert.equal((await records.tenant("made"))?.name, made.name);
      assert.equal(await records.tenant("MADE"), undefined);
      assert.equal(await records.tenant("made "), undefined);
      assert.equal(await records.tenantKey("nobody", "df1"), undefined);
      assert.equal(await records.setRegistration("made", "approve"), true);
      assert.equal(await records.setRegistration("made", "approve"), true);
      assert.equal(await records.setRegistration("nobody", "auto"), false);
      assert.equal((await records.tenant("made"))?.registration, "approve");
      const names = (await records.tenants()).map(({ tenantId }) => tenantId);
      assert.deepEqual(names, ["u", "t", "made"], "by creation");
    });

    it("keeps nothing of a tenant whose making failed half-way", async () => {
      const tenant = { name: "N", registration: "auto", relayMs: 1, createdAt: 1 } as const;
      const keys = { df1: SEALED, "sdm-meta-read": null as never, "chip-master": SEALED };
      const batch = { batch: "1", sealed: SEALED };
      await assert.rejects(records.createTenant({ tenantId: "half", ...tenant }, keys, batch, "k"));
      assert.equal(await records.tenant("half"), undefined);
      assert.equal(await records.tenantKey("half", "df1"), undefined);
    });

    it("gives the newest batches first, sixteen of them", async () => {
      for (let n = 2; n <= 20; n++) {
        const sealed = new Uint8Array(44).fill(n);
        await records.addCommBatch("t", { batch: `${n}`, sealed }, "kek", n);
      }
      const batches = await records.commBatches("t");
      assert.deepEqual(
        batches.map(({ batch }) => batch),
        Array.from({ length: 16 }, (_, i) => `${20 - i}`),
      );
      assert.deepEqual(batches[0]?.sealed, new Uint8Array(44).fill(20));
      const again = records.addCommBatch("t", { batch: "20", sealed: SEALED }, "kek", 30);
      await assert.rejects(again, { code: "conflict" });
      assert.equal((await records.commBatches("u")).length, 1);
    });

    it("gives a node with the key of its batch, and of its tenant's only", async () => {
      for (const tenantId of ["w1", "w2"]) await addTenant(records, tenantId);
      const sealed = new Uint8Array(44).fill(20);
      await records.addCommBatch("w1", { batch: "20", sealed }, "kek", 2);
      const enrol = (tenantId: string, nodeUid: string, batch: string, n: number) =>
        records.enrolNode({ ...newNode(tenantId, nodeUid, n), batch }, undefined);
      await enrol("w1", "a20", "20", 1);
      await enrol("w1", "a20 ", "20 ", 2);
      await enrol("w2", "a20u", "20", 3);
      const admission = await records.admission("w1", "a20");
      assert.deepEqual(admission?.comm, sealed);
      assert.deepEqual(admission?.node, await records.node("w1", "a20"));
      assert.equal(admission?.authority, undefined);
      assert.equal((await records.admission("w1", "a20 "))?.comm, undefined, "no such batch");
      assert.equal(await records.admission("w2", "a20"), undefined);
      assert.equal(await records.admission("w1", "A20"), undefined);
      const other = await records.admission("w2", "a20u");
      assert.ok(other !== undefined && other.comm === undefined, "another tenant's");
    });

    it("lets a node in once by its key, and gives it back", async () => {
      const node = newNode("t", "n1", 1);
      const first = await records.enrolNode(node, undefined);
      assert.equal(first.outcome, "created");
      const stored = await records.node("t", "n1");
      const empty = { label: undefined, zone: undefined, relayMs: undefined, health: undefined };
      const fresh = { ...empty, direction: "in", lastSeenAt: undefined, rotationWanted: false };
      assert.deepEqual(stored, { ...node, ...fresh });
      const second = await records.enrolNode({ ...node, nodeUid: "n1b" }, undefined);
      assert.deepEqual(second, { outcome: "exists", node: stored });
      assert.equal(await records.node("u", "n1"), undefined);
      // The same key in another tenant is another node.
      const other = await records.enrolNode(newNode("u", "n1u", 1), undefined);
      assert.equal(other.outcome, "created");
      assert.equal(await records.node("t", "n1u"), undefined);
    });

    it("spends a token once, in its tenant, before it expires, and not for a known node", async () => {
      const enrol = async (nodeUid: string, n: number, hash: Uint8Array) =>
        (await records.enrolNode(newNode("t", nodeUid, n), hash)).outcome;
      await records.addEnrolToken("t", key(100), 11);
      await records.addEnrolToken("t", key(101), 10); // created_at of a new node is 10
      await records.addEnrolToken("u", key(102), 99);
      await assert.rejects(records.addEnrolToken("t", key(100), 11), { code: "conflict" });
      assert.equal(await enrol("tok", 50, key(101)), "token-invalid");
      assert.equal(await enrol("tok", 50, key(102)), "token-invalid");
      assert.equal(await enrol("tok", 50, key(99)), "token-invalid");
      assert.equal(await enrol("tok", 50, key(100)), "created");
      assert.equal(await enrol("tok2", 50, key(99)), "exists");
      assert.equal(await enrol("tok3", 51, key(100)), "token-invalid");
      assert.equal(await records.node("t", "tok3"), undefined);
    });

    it("gives nodes page by page in the order of their ids", async () => {
      for (const [i, uid] of ["b", "a", "B", "ä", "aa"].entries())
        await records.enrolNode({ ...newNode("u", uid, 60 + i) }, undefined);
      const uids = (await records.nodes("u", 99)).map(({ nodeUid }) => nodeUid);
      assert.deepEqual(uids, ["B", "a", "aa", "b", "n1u", "ä"], "by bytes, not by language");
      const page = await records.nodes("u", 2, "aa");
      assert.deepEqual(
        page.map(({ nodeUid }) => nodeUid),
        ["b", "n1u"],
      );
    });

    it("changes what is given of a node, and takes no revocation back", async () => {
      const change = { label: "Front", zone: "hall", relayMs: 700 };
      assert.equal(await records.changeNode("t", "n1", change, 30), true);
      assert.equal(await records.changeNode("t", "n1", { label: "Back" }, 30), true);
      assert.equal(await records.changeNode("t", "n1", {}, 30), true);
      assert.equal(await records.changeNode("u", "n1", { label: "x" }, 30), false);
      await records.saveHealth("t", "n1", 40, { free: 1, nested: ["ä", null, true] });
      const node = await records.node("t", "n1");
      assert.deepEqual([node?.label, node?.zone, node?.relayMs], ["Back", "hall", 700]);
      assert.deepEqual(node?.health, { free: 1, nested: ["ä", null, true] });
      assert.equal(node?.lastSeenAt, 40);
      await records.enrolNode(newNode("t", "gone", 70), undefined);
      assert.equal(await records.changeNode("t", "gone", { status: "revoked" }, 31), true);
      assert.equal(await records.changeNode("t", "gone", { status: "active" }, 32), false);
      assert.equal(await records.changeNode("t", "gone", { label: "still" }, 33), true);
      assert.equal((await records.node("t", "gone"))?.status, "revoked");
    });

    it("keeps the time of a zone", async () => {
      assert.equal(await records.zoneRelayMs("t", "hall"), undefined);
      for (const relayMs of [100, 100, 60_000]) await records.setZone("t", "hall", relayMs);
      assert.equal(await records.zoneRelayMs("t", "hall"), 60_000);
      assert.equal(await records.zoneRelayMs("u", "hall"), undefined);
      assert.equal(await records.zoneRelayMs("t", "Hall"), undefined);
      await assert.rejects(records.setZone("nobody", "hall", 1), { code: "conflict" });
    });

    it("gives a badge back as it was made, with its audit row", async () => {
      const scope = { nodes: ["n1"], zones: ["hall", "ü"] };
      const plain = newBadge("t", "04aa00", { label: "L", scope });
      const bound = newBadge("t", "04aa01", { mode: "HS", nodeUid: "n1", profile: "sealed" });
      for (const badge of [plain, bound]) {
        await records.createBadge(badge);
        const stored = await records.badge("t", badge.badgeUid);
        const fresh = { status: "active", readCounter: -1, keyGeneration: 1, beingWritten: false };
        assert.deepEqual(stored, { ...badge, ...fresh, personId: undefined });
      }
      await assert.rejects(records.createBadge(plain), { code: "conflict" });
      await assert.rejects(records.createBadge(newBadge("t", "04aa02", { mode: "HS" })), {
        code: "conflict",
      });
      assert.equal(await records.badge("u", "04aa00"), undefined);
      await records.createBadge(newBadge("u", "04aa00", { holder: "Eve" }));
      assert.equal((await records.badge("t", "04aa00"))?.holder, "Ada");
      const rows = (await says("t")).filter(([kind]) => kind === "badge-registered");
      assert.equal(rows.length, 2, "none for what was refused");
    });

    it("changes status and scope of a badge, and writes it down", async () => {
      assert.equal(await records.setBadgeStatus("t", "04aa00", "suspended", 50), true);
      assert.equal(await records.setBadgeStatus("t", "04aa00", "suspended", 50), true);
      assert.equal(await records.setBadgeScope("t", "04aa00", undefined, 51), true);
      assert.equal(await records.setBadgeStatus("t", "04ffff", "active", 50), false);
      assert.equal(await records.setBadgeScope("u", "04aa01", undefined, 50), false);
      const badge = await records.badge("t", "04aa00");
      assert.deepEqual([badge?.status, badge?.scope], ["suspended", undefined]);
      const [, data] = (await says("t")).at(-1)!;
      assert.deepEqual(data, { badge_uid: "04aa00", scope: "everywhere" });
      await records.setBadgeStatus("t", "04aa00", "active", 52);
    });

    it("changes a badge's status only from those that are named, and says who did", async () => {
      const set = (...how: Parameters<typeof records.setBadgeStatus>) =>
        records.setBadgeStatus(...how);
      const by = "ada";
      assert.equal(await set("t", "04aa01", "active", 53, { from: ["suspended"], by }), false);
      assert.equal(await set("t", "04aa01", "suspended", 54, { from: ["active"], by }), true);
      assert.equal(await set("u", "04aa01", "active", 54, { from: ["suspended"] }), false);
      assert.equal(
        await set("t", "04aa01", "active", 55, { from: ["revoked", "suspended"] }),
        true,
      );
      const rows = (await says("t")).filter(([, { badge_uid }]) => badge_uid === "04aa01");
      assert.deepEqual(
        rows.slice(-2).map(([, data]) => data),
        [
          { badge_uid: "04aa01", status: "suspended", by },
          { badge_uid: "04aa01", status: "active" },
        ],
      );
    });

    it("lists the badges of one tenant, page by page", async () => {
      const uids = async (...page: [number, string?]) =>
        (await records.badges("t", ...page)).map(({ badgeUid }) => badgeUid);
      assert.deepEqual(await uids(9), ["04aa00", "04aa01"]);
      assert.deepEqual(await uids(1), ["04aa00"]);
      assert.deepEqual(await uids(9, "04aa00"), ["04aa01"]);
      const [first] = await records.badges("t", 1);
      assert.deepEqual(first, await records.badge("t", "04aa00"));
    });

    it("records a decision with what it found at the last moment", async () => {
      const step = (readCounter: number, nodeUid?: string) => ({
        ...{ tenantId: "t", badgeUid: "04aa00", readCounter, ...(nodeUid && { nodeUid }) },
        refused: (obstacle: string) => decision("t", obstacle, true),
      });
      const decide = (readCounter: number, nodeUid?: string) =>
        records.recordDecision(decision("t", "granted"), step(readCounter, nodeUid));
      assert.equal(await decide(0, "n1"), undefined);
      assert.equal(await decide(0, "n1"), "badge-cloned");
      assert.equal(await decide(16_777_215), undefined);
      assert.equal(await decide(5), "badge-cloned");
      assert.equal(await decide(16_777_216, "gone"), "node-revoked");
      assert.equal(await decide(16_777_216, "nobody"), "node-revoked");
      await records.setBadgeStatus("t", "04aa00", "revoked", 60);
      assert.equal(await decide(16_777_216, "n1"), "badge-revoked");
      assert.equal((await records.badge("t", "04aa00"))?.readCounter, 16_777_215);
      assert.equal(await records.recordDecision(decision("t", "plain")), undefined);
      const alarms = (await records.alarms("t", 3)).map(({ kind }) => kind);
      assert.deepEqual(alarms, ["badge-revoked", "node-revoked", "node-revoked"], "newest first");
      assert.deepEqual(await records.alarms("u", 9), []);
      const all = await records.alarms("t", 99);
      const behind = await records.alarms("t", 2, all[0]!.id);
      assert.deepEqual(behind, all.slice(1, 3), "page by page");
      assert.deepEqual(await records.alarms("t", 9, all.at(-1)!.id), []);
    });

    it("chains the audit rows of each tenant, page by page", async () => {
      for (const tenantId of ["t", "u", "t"])
        await records.audit({
          tenantId,
          at: 2 ** 40,
          kind: "k",
          data: { text: "ä\u0000🚪", n: 1.5 },
        });
      for (const tenantId of ["t", "u"]) {
        const rows = await records.auditRows(tenantId, 10_000);
        assert.equal(firstBrokenRow(rows), undefined);
        const seqs = rows.map(({ seq }) => seq);
        assert.deepEqual(
          seqs,
          seqs.toSorted((a, b) => a - b),
        );
        assert.equal(new Set(seqs).size, seqs.length);
        const rest = await records.auditRows(tenantId, 2, seqs.at(-3));
        assert.deepEqual(rest, rows.slice(-2));
      }
      assert.deepEqual((await says("u")).at(-1)?.[1], { text: "ä\u0000🚪", n: 1.5 });
    });

    it("changes a card's row only from the revision that was read", async () => {
      const entry = { tenantId: "t", at: 1, kind: "card", data: {} };
      assert.equal(await records.card("t", "04aa"), undefined);
      assert.equal(await records.saveCard({ card: card(1) }), false);
      assert.equal(await records.saveCard({ card: card(0), entry }), true);
      assert.equal(await records.saveCard({ card: card(0), entry }), false);
      assert.deepEqual(await records.card("t", "04aa"), card(1));
      const badge = newBadge("t", "04aa");
      const register = { kind: "register", badge, readCounter: 3 } as const;
      assert.equal(await records.saveCard({ card: card(1), badge: register }), true);
      assert.deepEqual((await records.badge("t", "04aa"))?.beingWritten, true);
      const done = card(2, { generation: 2, generationMax: 2, writing: false, job: undefined });
      const recount = { kind: "recount", readCounter: -1 } as const;
      assert.equal(await records.saveCard({ card: done, badge: recount }), true);
      const stored = await records.badge("t", "04aa");
      assert.deepEqual(
        [stored?.readCounter, stored?.keyGeneration, stored?.beingWritten],
        [-1, 2, false],
      );
      // The badge is there already: the row stays as it was.
      const twice = records.saveCard({ card: card(3), badge: register });
      await assert.rejects(twice, { code: "conflict" });
      assert.deepEqual(await records.card("t", "04aa"), { ...done, revision: 3 });
      const remove = { kind: "remove" } as const;
      assert.equal(await records.saveCard({ card: { ...done, revision: 3 }, badge: remove }), true);
      assert.equal(await records.badge("t", "04aa"), undefined);
      assert.equal((await says("t")).filter(([kind]) => kind === "card").length, 1);
    });

    it("records each denial of a reader once, and what is missing between", async () => {
      const report = (boot: string, at: number, ...numbers: number[]) => ({
        ...{ tenantId: "t", nodeUid: "n1", boot, at },
        denials: numbers.map((number) => ({ number, record: decision("t", `${boot}${number}`) })),
        dropped: (count: number) => decision("t", `dropped ${count}`).entry,
      });
      const before = (await says("t")).length;
      assert.equal(await records.recordReaderDenials(report("a", 1, 1, 2)), 2);
      assert.equal(await records.recordReaderDenials(report("a", 2, 2, 5)), 5);
      assert.equal(await records.recordReaderDenials(report("a", 3)), 5);
      const rows = (await says("t")).slice(before).map(([, data]) => data.says);
      assert.deepEqual(rows, ["a1", "a2", "dropped 2", "a5"]);
      for (let boot = 0; boot < 9; boot++)
        await records.recordReaderDenials(report(`b${boot}`, 10 + boot, 1));
      // Forgotten by now: the last eight boots are kept.
      assert.equal(await records.recordReaderDenials(report("a", 30, 1)), 1);
      assert.equal(await records.recordReaderDenials(report("b8", 31, 1)), 1);
    });

    it("changes its key-encryption key by compare and set", async () => {
      assert.equal(await records.vaultState(), undefined);
      const [one, both] = [
        { active: "1", retiring: undefined },
        { active: "2", retiring: "1" },
      ];
      assert.equal(await records.changeVault(both, one), false);
      assert.equal(await records.changeVault(undefined, one), true);
      assert.equal(await records.changeVault(undefined, both), false);
      assert.equal(await records.changeVault(one, both), true);
      assert.equal(await records.changeVault(one, both), false);
      assert.deepEqual(await records.vaultState(), both);
      await assert.rejects(addTenant(records, "late"), { code: "conflict" });
      const late = records.addCommBatch("t", { batch: "late", sealed: SEALED }, "1", 1);
      await assert.rejects(late, { code: "conflict" });
      const all = await records.sealedKeys();
      const key = all.find((each) => each.tenantId === "u" && each.name === "df1")!;
      const batch = all.find((each) => each.tenantId === "u" && each.kind === "batch")!;
      for (const each of [key, batch]) {
        assert.equal(await records.reseal(each, new Uint8Array([1])), true);
        assert.equal(await records.reseal(each, new Uint8Array([2])), false);
      }
      assert.deepEqual(await records.tenantKey("u", "df1"), new Uint8Array([1]));
      assert.deepEqual((await records.commBatches("u"))[0]?.sealed, new Uint8Array([1]));
      assert.deepEqual(await records.tenantKey("u", "chip-master"), SEALED);
    });
  });
