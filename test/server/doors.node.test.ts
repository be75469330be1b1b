import assert from "node:assert/strict";
import { LIST_DOORS_PATH } from "../../server/api/management-paths.ts";
import { doorEvents, doorFacts } from "../../server/door/door-fact.ts";
import type { DoorChange } from "../../server/store/doors.ts";
import type { Records } from "../../server/store/records.ts";
import { Desk, type TestNode } from "./desk.ts";
import { addTenant, RECORD_STORES, type ScratchStore } from "./record-stores.ts";

const SHUT = { open: 0, held: 0, exit: 0, forced: 0 };
const named = (values: Partial<typeof SHUT>, name = "front") =>
  Object.fromEntries(
    Object.entries({ ...SHUT, ...values }).map(([of, is]) => [`${name}.${of}`, is]),
  );

describe("what a reading says of doors", () => {
  it("is that of each sensor that tells whether it is held", () => {
    const front = { name: "front", open: true, held: false, forced: true, exit: false };
    assert.deepEqual(doorFacts({ ...named({ open: 1, forced: 1 }), "attic.temperature": 1 }), [
      front,
    ]);
    assert.deepEqual(doorFacts(undefined), []);
    assert.deepEqual(doorFacts({ "window.open": 1, "x.held": 1 }), []);
    assert.equal(doorFacts({ ...named({}, "a"), ...named({}, "b") }).length, 2);
  });

  it("is news where it begins, and when it is over", () => {
    const fact = (change: object) => ({
      ...{ name: "d", open: false, held: false, forced: false, exit: false },
      ...change,
    });
    assert.deepEqual(doorEvents(undefined, fact({ open: true })), []);
    const broken = fact({ open: true, forced: true });
    assert.deepEqual(doorEvents(undefined, broken), ["door-forced"]);
    assert.deepEqual(doorEvents(broken, broken), []);
    assert.deepEqual(doorEvents(broken, { ...broken, held: true }), ["door-held"]);
    assert.deepEqual(doorEvents({ ...broken, held: true }, fact({})), ["door-restored"]);
    assert.deepEqual(doorEvents(fact({}), fact({ exit: true })), ["door-exit"]);
    assert.deepEqual(doorEvents(fact({ open: true }), fact({})), []);
  });
});

describe("service: doors", () => {
  let desk: Desk;
  let node: TestNode;
  let tenantId: string;
  let seq: number;
  beforeEach(async () => {
    desk = new Desk();
    node = await desk.node(await desk.tenant()).boot();
    tenantId = node.provisioning.tenantId;
    await desk.service.admin.changeNode(tenantId, node.nodeUid, { zone: "lab" });
    seq = 0;
  });
  afterEach(() => desk.close());

  const tell = (values: Partial<typeof SHUT>, number = ++seq) =>
    node.report([{ seq: number, fields: {}, named: named(values) }]);
  const alarms = async () =>
    (await desk.service.admin.alarms(tenantId)).map(({ kind, cause }) => `${kind} ${cause}`);
  const events = async () =>
    (await desk.service.admin.auditRows(tenantId))
      .map(({ kind }) => kind)
      .filter((kind) => kind.startsWith("door-"));

  it("a forced door raises one alarm, however often its node tells of it", async () => {
    await tell({});
    await tell({ open: 1, forced: 1 });
    await tell({ open: 1, forced: 1 }, seq);
    await tell({ open: 1, forced: 1 });
    await tell({ open: 1, forced: 1, held: 1 });
    assert.deepEqual(await alarms(), ["door-held front", "door-forced front"]);
    await tell({});
    await tell({ open: 1, forced: 1 });
    const expected = ["door-forced", "door-held", "door-restored", "door-forced"];
    assert.deepEqual(await events(), expected);
    const rows = await desk.service.admin.auditRows(tenantId);
    const { data } = rows.find(({ kind }) => kind === "door-forced")!;
    const seen_at = Math.floor(desk.nowMs / 1000);
    assert.deepEqual(JSON.parse(data), {
      node_uid: node.nodeUid,
      door: "front",
      zone: "lab",
      seen_at,
    });
    assert.ok((await desk.service.admin.verifyAudit(tenantId)).intact);
  });

  it("an exit request is an audit row and no alarm; opening and shutting is neither", async () => {
    await tell({ exit: 1 });
    await tell({ open: 1 });
    await tell({});
    assert.deepEqual(await events(), ["door-exit"]);
    assert.deepEqual(await alarms(), []);
  });

  it("says how doors are, by the network as well", async () => {
    await tell({ open: 1, held: 1 });
    const door = { name: "front", open: true, held: true, forced: false };
    const changedAt = Math.floor(desk.nowMs / 1000);
    const { nodeUid } = node;
    assert.deepEqual(await desk.service.admin.policy.doors(tenantId), [
      { nodeUid, ...door, changedAt },
    ]);
    const operator = { name: "door", role: "operator", tenantId } as const;
    const authorization = `Bearer ${await desk.service.admin.createOperator(operator)}`;
    const { body } = await desk.post(LIST_DOORS_PATH, { tenant_id: tenantId }, { authorization });
    assert.deepEqual(JSON.parse(body), {
      doors: [{ node_uid: nodeUid, ...door, changed_at: changedAt }],
    });
  });

  it("what overtook other readings on its way stays the last word, and each break-in counts", async () => {
    await tell({ open: 1, forced: 1 }, 10);
    await tell({}, 20);
    await tell({ open: 1, forced: 1 }, 30);
    // The log's numbers say that these are older, whatever they say of the time.
    for (const [number, values] of [
      [5, {}],
      [15, { open: 1, forced: 1 }],
      [25, {}],
    ] as const)
      await tell(values, number);
    const all = ["door-forced", "door-restored", "door-forced"];
    assert.deepEqual(await events(), all);
    assert.deepEqual(await alarms(), ["door-forced front", "door-forced front"]);
    const [door] = await desk.service.admin.policy.doors(tenantId);
    assert.equal(door?.forced, true);
    await tell({ exit: 1 }, 26);
    assert.deepEqual(await events(), [...all, "door-exit"]);
    // Another log begins anew.
    const reading = { seq: 1, fields: {}, named: named({}) };
    await node.report([reading], new Uint8Array(8).fill(0x20));
    assert.deepEqual(await events(), [...all, "door-exit", "door-restored"]);
  });

  it("a node that cries wolf is heard so many times, and its readings are kept", async () => {
    for (let n = 0; n < 50; n++) {
      await tell({ open: 1, forced: 1, exit: 1 });
      await tell({ exit: 1 });
    }
    const told = (await events()).length;
    assert.ok(told >= 64 && told < 130, `${told}`);
    assert.ok(desk.log.some((line) => line.includes("door-events-dropped")));
    assert.equal((await desk.service.admin.readings(tenantId, node.nodeUid)).length, 100);
  });

  it("what is out of range says nothing of a door", async () => {
    const fields = { temperature: 900 };
    await node.report([{ seq: 1, fields, named: named({ open: 1, forced: 1 }) }]);
    assert.deepEqual(await alarms(), []);
    assert.deepEqual(await desk.service.admin.policy.doors(tenantId), []);
  });
});

for (const { name, make } of RECORD_STORES)
  describe(`doors in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    before(async function () {
      store = await make(this);
      records = await store.open();
      for (const tenantId of ["t", "u"]) await addTenant(records, tenantId);
    });
    after(() => store?.drop());

    it("are noted with what is news, once for each reading", async () => {
      const change = (says: Partial<DoorChange>): DoorChange => ({
        ...{ name: "ü 🚪", open: false, held: false, forced: false, exit: false, at: 7, seq: 1 },
        record: (event) => ({
          entry: { tenantId: "t", at: 5, kind: event, data: {} },
          alarm: {
            tenantId: "t",
            at: 5,
            kind: event,
            badgeUid: undefined,
            nodeUid: "n",
            cause: "c",
          },
        }),
        ...says,
      });
      const record = (seq: number, ...doors: DoorChange[]) =>
        records.recordReadings({
          ...{ tenantId: "t", nodeUid: "n", logId: "l", receivedAt: 9, bytesMax: 1e6 },
          readings: [
            {
              ...{ at: 7, timeKnown: true, kind: "telemetry", refused: undefined, doors },
              reading: { seq, fields: { temperature: 1 } },
            },
          ],
          evicted: () => ({ tenantId: "t", at: 5, kind: "evicted", data: {} }),
        });
      await record(1, change({ open: true, forced: true }));
      await record(1, change({ open: true, held: true }));
      await record(2, change({ open: true, forced: true }), change({ name: "b", exit: true }));
      const kinds = (await records.auditRows("t", 99)).map(({ kind }) => kind);
      assert.deepEqual(kinds, ["door-forced", "door-exit"]);
      assert.equal((await records.alarms("t", 9)).length, 2);
      const shut = { open: false, held: false, forced: false };
      assert.deepEqual(await records.doors("t"), [
        { nodeUid: "n", name: "b", ...shut, changedAt: 7 },
        { nodeUid: "n", name: "ü 🚪", open: true, held: false, forced: true, changedAt: 7 },
      ]);
      assert.deepEqual(await records.doors("u"), []);
      await record(9, change({ seq: 9, open: true, forced: true }));
      await record(4, change({ seq: 4 }));
      assert.equal((await records.doors("t"))[1]?.forced, true, "the older one came later");
      const { record: _, ...quiet } = change({ held: true, at: 8, seq: 10 });
      await record(3, quiet);
      assert.equal((await records.auditRows("t", 99)).length, 2);
      assert.equal((await records.doors("t"))[1]?.held, true);
    });
  });
