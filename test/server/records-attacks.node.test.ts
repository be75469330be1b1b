import assert from "node:assert/strict";
import { firstBrokenRow } from "../../server/store/audit-chain.ts";
import type { Records } from "../../server/store/records.ts";
import {
  addTenant,
  key,
  newBadge,
  newNode,
  RECORD_STORES,
  type ScratchStore,
} from "./record-stores.ts";

/** What has become part of a statement somewhere, sometime. */
const INJECTIONS = [
  "'; DROP TABLE nodes; -- ",
  "' OR '1'='1",
  "\\' OR 1=1 -- ",
  '" OR ""="',
  "`; DELETE FROM badges; #",
  "$1 ? :name @v $x %s",
  "x' UNION SELECT sealed FROM tenant_keys /*",
  "\\",
  "\\\\'",
  "%_",
  "\u00bf\u0027 ' ʼ ＇",
  "🚪é\u202e",
  " blanks at both ends ",
  "[object Object]",
  "null",
];

/** So many at once that they queue for the connections of each replica. */
const AT_ONCE = 60;

for (const { name, make } of RECORD_STORES)
  describe(`attacks on records in ${name}`, function () {
    this.timeout(60_000);
    let store: ScratchStore;
    let replicas: readonly Records[];
    let records: Records;
    before(async function () {
      store = await make(this);
      // At once: one of them makes the tables, the others wait for it.
      replicas = await Promise.all([store.open(), store.open(), store.open()]);
      records = replicas[0]!;
      await addTenant(records, "t");
    });
    after(() => store?.drop());

    /** `AT_ONCE` calls in turn over the replicas. */
    const rush = <T>(call: (replica: Records, n: number) => Promise<T>) =>
      Promise.all(
        Array.from({ length: AT_ONCE }, (_, n) => call(replicas[n % replicas.length]!, n)),
      );

    for (const [n, evil] of INJECTIONS.entries())
      it(`takes ${JSON.stringify(evil)} for a text, wherever it stands`, async () => {
        const tenantId = `${n} ${evil}`;
        await addTenant(records, tenantId, { name: evil });
        assert.equal((await records.tenant(tenantId))?.name, evil);
        const node = { ...newNode(tenantId, evil, n), nodeType: evil, batch: evil };
        await records.enrolNode(node, undefined);
        const change = { label: evil, zone: evil };
        assert.equal(await records.changeNode(tenantId, evil, change, 1), true);
        await records.saveHealth(tenantId, evil, 1, { [evil]: evil });
        const stored = await records.node(tenantId, evil);
        assert.deepEqual([stored?.nodeType, stored?.label, stored?.zone], [evil, evil, evil]);
        assert.deepEqual(stored?.health, { [evil]: evil });
        await records.setZone(tenantId, evil, 7);
        assert.equal(await records.zoneRelayMs(tenantId, evil), 7);
        const scope = { nodes: [evil], zones: [evil] };
        await records.createBadge(newBadge(tenantId, evil, { holder: evil, label: evil, scope }));
        assert.deepEqual((await records.badge(tenantId, evil))?.scope, scope);
        await records.addOperator({ name: evil, role: "manager", tenantId }, key(1000 + n), 1);
        assert.equal((await records.operator(key(1000 + n)))?.name, evil);
        assert.equal(await records.removeOperator(evil, tenantId), true);
        await records.savePublished(evil, n + 1);
        assert.equal(await records.publishedThrough(evil), n + 1);
        await records.audit({ tenantId, at: 1, kind: evil, data: { [evil]: evil } });
        const rows = await records.auditRows(tenantId, 99);
        assert.equal(firstBrokenRow(rows), undefined);
        assert.equal(rows.at(-1)?.kind, evil);
        assert.deepEqual(await records.nodes(evil, 9), []);
        assert.deepEqual(await records.readingsAfter(0, 9, { tenantId: evil, nodeUid: evil }), []);
      });

    it("tells texts apart that a language takes for equal", async () => {
      for (const [n, nodeUid] of ["e", "E", "é", "e\u0301", "e ", "ｅ"].entries())
        await records.enrolNode(newNode("t", nodeUid, 500 + n), undefined);
      assert.equal((await records.node("t", "E"))?.nodePk[31], 501 & 255);
      assert.equal(await records.node("t", " e"), undefined);
    });

    it("cuts nothing that is too long: it is refused, or stored whole", async () => {
      const long = "ü".repeat(100_000);
      await records.createBadge(newBadge("t", "long", { holder: long }));
      assert.equal((await records.badge("t", "long"))?.holder, long);
      for (const text of ["z".repeat(256), "z".repeat(20_000)]) {
        const code = await records.setZone("t", text, 1).catch((error) => error.code);
        if (code === undefined) assert.equal(await records.zoneRelayMs("t", text), 1);
        else assert.equal(code, "malformed");
        assert.equal(await records.zoneRelayMs("t", text.slice(0, 255)), undefined);
      }
    });

    it("keeps the largest times and counters", async () => {
      const at = Number.MAX_SAFE_INTEGER;
      await records.createBadge(newBadge("t", "edge", { createdAt: at }));
      assert.equal((await records.badge("t", "edge"))?.createdAt, at);
      await records.addEnrolToken("t", key(1), at);
      await records.sweep(at - 1, 0);
      const node = { ...newNode("t", "edge", 7000), createdAt: at - 1 };
      assert.equal((await records.enrolNode(node, key(1))).outcome, "created");
    });

    it("spends a token once, whoever asks where", async () => {
      await records.addEnrolToken("t", key(2), 99);
      const outcomes = await rush((replica, n) =>
        replica.enrolNode(newNode("t", `spend-${n}`, 8000 + n), key(2)),
      );
      assert.equal(outcomes.filter(({ outcome }) => outcome === "created").length, 1);
      const nodes = await records.nodes("t", 10_000);
      assert.equal(nodes.filter(({ nodeUid }) => nodeUid.startsWith("spend-")).length, 1);
    });

    it("lets one key in as one node, and spends one token for it", async () => {
      for (let n = 0; n < AT_ONCE; n++) await records.addEnrolToken("t", key(3000 + n), 99);
      const outcomes = await rush((replica, n) =>
        replica.enrolNode({ ...newNode("t", `twin-${n}`, 9000) }, key(3000 + n)),
      );
      assert.equal(outcomes.filter(({ outcome }) => outcome === "created").length, 1);
      assert.equal(outcomes.filter(({ outcome }) => outcome === "exists").length, AT_ONCE - 1);
      const others = await rush((replica, n) =>
        replica.enrolNode(newNode("t", `other-${n}`, 9100 + n), key(3000 + n)),
      );
      const spent = others.filter(({ outcome }) => outcome === "token-invalid");
      assert.equal(spent.length, 1, "the losers' tokens are still good");
    });

    it("grants one of all taps with one counter, and breaks no chain", async () => {
      await records.createBadge(newBadge("t", "race"));
      await records.enrolNode(newNode("t", "door", 9999), undefined);
      const entry = (says: string) => ({
        entry: { tenantId: "t", at: 1, kind: "race", data: { says } },
      });
      const step = { tenantId: "t", nodeUid: "door", badgeUid: "race", readCounter: 5 };
      const obstacles = await rush((replica) =>
        replica.recordDecision(entry("granted"), { ...step, refused: entry }),
      );
      assert.equal(obstacles.filter((each) => each === undefined).length, 1);
      const rows = await records.auditRows("t", 10_000);
      assert.equal(firstBrokenRow(rows), undefined);
      const said = rows
        .filter(({ kind }) => kind === "race")
        .map(({ data }) => JSON.parse(data).says);
      assert.equal(said.length, AT_ONCE);
      assert.equal(said.filter((each) => each === "granted").length, 1);
    });

    it("keeps one chain for each tenant, whatever comes at once from all replicas", async () => {
      const { length: before } = await records.auditRows("t", 10_000);
      const chains = ["t", "v", "w"];
      await rush((replica, n) => {
        const tenantId = chains[n % chains.length]!;
        return replica.audit({ tenantId, at: 1, kind: "login", data: { n } });
      });
      const found: number[] = [];
      for (const tenantId of chains) {
        const rows = await records.auditRows(tenantId, 10_000);
        assert.equal(firstBrokenRow(rows), undefined);
        const logins = rows.filter(({ kind }) => kind === "login");
        found.push(...logins.map(({ data }) => JSON.parse(data).n));
      }
      assert.deepEqual(
        found.toSorted((a, b) => a - b),
        Array.from({ length: AT_ONCE }, (_, n) => n),
      );
      assert.ok((await records.auditRows("t", 10_000)).length > before);
    });

    it("has no grant behind a revocation that another replica wrote", async () => {
      for (let round = 0; round < 10; round++) {
        const badgeUid = `revoke-${round}`;
        await records.createBadge(newBadge("t", badgeUid));
        const entry = (says: string) => ({
          entry: { tenantId: "t", at: 1, kind: badgeUid, data: { says } },
        });
        const step = { tenantId: "t", nodeUid: "door", badgeUid, refused: entry };
        const taps = [1, 2, 3, 4, 5, 6].map((readCounter) =>
          replicas[readCounter % 3]!.recordDecision(entry("granted"), { ...step, readCounter }),
        );
        const revoked = replicas[1]!.setBadgeStatus("t", badgeUid, "revoked", 1);
        await Promise.all([...taps, revoked]);
        const rows = (await records.auditRows("t", 10_000)).slice(-7);
        const order = rows.map(({ kind, data }) =>
          kind === "badge-changed" ? "revoked" : JSON.parse(data).says,
        );
        const behind = order.slice(order.indexOf("revoked"));
        assert.ok(!behind.includes("granted"), order.join());
      }
    });

    it("works on one card in one place", async () => {
      const card = { tenantId: "t", badgeUid: "04cc", generation: 0, generationMax: 1 };
      const state = { lock: "open", writing: false, job: undefined } as const;
      for (const revision of [0, 1, 2]) {
        const outcomes = await rush((replica) =>
          replica.saveCard({ card: { ...card, ...state, revision } }),
        );
        assert.equal(outcomes.filter(Boolean).length, 1, `from revision ${revision}`);
      }
    });

    it("gives readings their numbers without a gap, and each to one", async () => {
      const seen: number[] = [];
      let watching = true;
      const watch = (async () => {
        // A follower of another replica: what it has passed by does not come after.
        for (let after = 0; watching; ) {
          const rows = await replicas[2]!.readingsAfter(after, 1000);
          seen.push(...rows.map(({ id }) => id));
          after = rows.at(-1)?.id ?? after;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      })();
      const outcomes = await rush((replica, n) => {
        const logId = `log-${n >> 1}`; // each log twice, over two replicas
        const readings = [1, 2, 3].map((seq) => ({
          ...({ at: seq, timeKnown: true, kind: "telemetry", refused: undefined } as const),
          reading: { seq, fields: {} },
        }));
        const evicted = () => assert.fail("there is room");
        const node = { tenantId: "t", nodeUid: `n${n % 2}`, receivedAt: 1, bytesMax: 1e9 };
        return replica.recordReadings({ ...node, nodeUid: "n", logId, readings, evicted });
      });
      const stored = outcomes.flatMap(({ isNew }) => isNew).filter(Boolean).length;
      assert.equal(stored, (AT_ONCE / 2) * 3);
      assert.equal(await records.lastReadingId(), stored);
      await new Promise((resolve) => setTimeout(resolve, 50));
      watching = false;
      await watch;
      assert.deepEqual(
        seen,
        Array.from({ length: stored }, (_, i) => i + 1),
      );
    });

    it("records a denial once that a reader reports to all at once", async () => {
      const record = { entry: { tenantId: "t", at: 1, kind: "report", data: {} } };
      const numbers = await rush((replica) =>
        replica.recordReaderDenials({
          ...{ tenantId: "t", nodeUid: "door", boot: "b", at: 1 },
          denials: [1, 2].map((number) => ({ number, record })),
          dropped: () => assert.fail("nothing is missing"),
        }),
      );
      assert.deepEqual([...new Set(numbers)], [2]);
      const rows = await records.auditRows("t", 10_000);
      assert.equal(rows.filter(({ kind }) => kind === "report").length, 2);
    });
  });
