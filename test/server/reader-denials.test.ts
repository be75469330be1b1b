import assert from "node:assert/strict";
import { parseCheckInAnswer, writeCheckInRequest } from "../../protocol/badge/check-in.ts";
import type { DenialReport, LocalDenial } from "../../protocol/badge/denial-report.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { CHECK_IN_PATH } from "../../protocol/node/endpoints.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { badge, Desk, nextUid, type TestNode } from "./desk.ts";

const HEALTH = {
  uptimeSeconds: 60,
  firmware: "1.0.0",
  state: "READY",
  granted: 0,
  denied: 1,
  faults: 0,
};
const BOOT = new Uint8Array(8).fill(0xb0);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Numbered from 1 unless told otherwise. */
function report(denials: readonly Partial<LocalDenial>[], boot = BOOT): DenialReport {
  const filled = denials.map((denial, index) => ({
    number: index + 1,
    reason: "badge-not-ours",
    ageMs: 2_000,
    ...denial,
  }));
  return { boot, denials: filled };
}

const bodyOf = (denials?: DenialReport) =>
  writeCheckInRequest({ ...HEALTH, ...(denials && { denials }) });

describe("service: what readers refuse by themselves", () => {
  let desk: Desk;
  let node: TestNode;

  beforeEach(async () => {
    desk = new Desk();
    node = await desk.node(await desk.tenant()).boot();
  });
  afterEach(() => desk.close());

  const tell = async (denials?: DenialReport, by = node): Promise<number | undefined> => {
    const answer = await by.identity.checkIn(bodyOf(denials));
    return parseCheckInAnswer(new JsonReader(answer)).denialsRecorded;
  };
  const rows = async (tenantId = node.provisioning.tenantId) => {
    const all = await desk.service.admin.auditRows(tenantId);
    return all
      .filter(({ kind }) => kind === "badge-refused-by-reader" || kind === "reader-denials-dropped")
      .map(({ kind, data }) => ({ kind, ...JSON.parse(data) }));
  };
  const numbers = async () => (await rows()).map(({ number, count }) => number ?? `-${count}`);
  const causes = async (tenantId = node.provisioning.tenantId) =>
    (await desk.service.admin.alarms(tenantId)).map(({ kind, cause }) => [kind, cause]).reverse();

  it("is a row each: who saw which badge, when, and why it was refused", async () => {
    const badgeUid = nextUid();
    const denial = { badgeUid, reason: "tenant-mismatch", ageMs: 4_400 };
    assert.equal(await tell(report([denial, { reason: "several-badges", ageMs: 0 }])), 2);
    const nowAt = Math.floor(desk.nowMs / 1000);
    const common = { kind: "badge-refused-by-reader", node_uid: node.nodeUid, boot: hex(BOOT) };
    const who = { badge_uid: hex(badgeUid), reason: "tenant-mismatch" };
    assert.deepEqual(await rows(), [
      { ...common, ...who, tapped_at: nowAt - 4, number: 1 },
      { ...common, reason: "several-badges", tapped_at: nowAt, number: 2 },
    ]);
    const { tenantId } = node.provisioning;
    assert.equal((await desk.service.admin.verifyAudit(tenantId)).intact, true);
    assert.deepEqual(await causes(), []);
  });

  it("is not in a node's health, and a check-in without any says nothing of it", async () => {
    await tell(report([{}]));
    const [stored] = await desk.service.admin.nodes(node.provisioning.tenantId);
    assert.deepEqual(Object.keys(stored!.health as object).sort(), [
      ...["denied", "faults", "firmware", "granted", "state", "uptime_s"],
    ]);
    assert.equal(await tell(), undefined);
  });

  it("told again is recorded once, whether the whole report or a part of it", async () => {
    const denials = report([{}, {}, {}]);
    assert.equal(await tell(denials), 3);
    assert.equal(await tell(denials), 3);
    assert.equal(await tell(report([{ number: 2 }, { number: 3 }, { number: 4 }])), 4);
    assert.equal(await tell(report([{ number: 1 }])), 4);
    assert.deepEqual(await numbers(), [1, 2, 3, 4]);
  });

  it("in a replayed check-in is not recorded, for that is a replay", async () => {
    await tell(report([{}]));
    const sent = node.sent.findLast(({ path }) => path === CHECK_IN_PATH)!;
    const again = await desk.post(sent.path, sent.body, sent.headers);
    assert.equal(JSON.parse(again.body).code, "replay");
    assert.deepEqual(await numbers(), [1]);
  });

  it("told over two sessions at once is recorded once", async () => {
    const twin = await desk.node(node.provisioning, { storage: node.storage }).boot();
    assert.equal(twin.nodeUid, node.nodeUid);
    const denials = report([{}, {}, {}]);
    const answers = [tell(denials), tell(denials, twin), tell(denials), tell(denials, twin)];
    assert.deepEqual(await Promise.all(answers), [3, 3, 3, 3]);
    assert.deepEqual(await numbers(), [1, 2, 3]);
  });

  it("begins anew with each boot; a report held up on the way does no harm", async () => {
    const next = new Uint8Array(8).fill(0xb1);
    await tell(report([{}, {}]));
    await tell(report([{}], next));
    await tell(report([{}, {}, {}])); // the last run's, late
    await tell(report([{}, {}], next));
    const told = (await rows()).map(({ boot, number }) => `${boot.slice(0, 2)} ${number}`);
    assert.deepEqual(told, ["b0 1", "b0 2", "b1 1", "b0 3", "b1 2"]);
  });

  it("and was dropped by the reader is a row, too: how many", async () => {
    await tell(report([{ number: 3 }, { number: 4 }, { number: 10 }]));
    await tell(report([{ number: 10 }, { number: 12 }]));
    assert.deepEqual(await numbers(), ["-2", 3, 4, "-5", 10, "-1", 12]);
    const dropped = (await rows()).find(({ kind }) => kind === "reader-denials-dropped");
    assert.deepEqual(dropped, {
      kind: "reader-denials-dropped",
      node_uid: node.nodeUid,
      boot: hex(BOOT),
      count: 2,
    });
  });

  it("belongs to the session's node, whatever the body or another's envelope says", async () => {
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const forged = { ...bodyOf(report([{}])), node_uid: other.nodeUid, tenant_id: "x" };
    await node.identity.checkIn(forged);
    assert.deepEqual(
      (await rows()).map(({ node_uid }) => node_uid),
      [node.nodeUid],
    );
    await tell(report([{}]), other);
    const [mine, theirs] = [node, other].map(
      ({ sent }) => sent.findLast(({ path }) => path === CHECK_IN_PATH)!,
    );
    const swaps = [
      await desk.post(CHECK_IN_PATH, mine!.body, theirs!.headers),
      await desk.post(
        CHECK_IN_PATH,
        { ...JSON.parse(mine!.body), sid: JSON.parse(theirs!.body).sid },
        theirs!.headers,
      ),
      await desk.post(CHECK_IN_PATH, bodyOf(report([{}])), theirs!.headers),
    ];
    const codes = swaps.map(({ body }) => JSON.parse(body).code);
    assert.deepEqual(codes, ["token-invalid", "envelope-invalid", "malformed"]);
    assert.equal((await rows()).length, 2);
  });

  it("raises an alarm where it smells of copying, and the cause says why", async () => {
    const { tenantId } = node.provisioning;
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const std = (await badge(desk.service, tenantId)).uid;
    const here = { mode: "HS", nodeUid: node.nodeUid } as const;
    const own = (await badge(desk.service, tenantId, here)).uid;
    const foreign = (await badge(desk.service, tenantId, { mode: "HS", nodeUid: other.nodeUid }))
      .uid;
    const cases: readonly (readonly [Uint8Array, string, string])[] = [
      [nextUid(), "badge-payload-invalid", "payload-on-unknown-chip"],
      [nextUid(), "mode-mismatch", "payload-on-unknown-chip"],
      [std, "badge-payload-invalid", "payload-altered"],
      [std, "mode-mismatch", "payload-altered"],
      [own, "mode-mismatch", "payload-altered"],
      [foreign, "mode-mismatch", "bound-to-another-reader"],
      [foreign, "badge-payload-invalid", "payload-altered"],
    ];
    await tell(report(cases.map(([badgeUid, reason]) => ({ badgeUid, reason }))));
    const expected = cases.map(([, , cause]) => ["badge-copy-suspected", cause]);
    // The third and fourth are one badge with one cause: one alarm.
    assert.deepEqual(
      await causes(),
      expected.filter((_, index) => index !== 3),
    );
    const [alarm] = await desk.service.admin.alarms(tenantId);
    assert.equal(alarm?.badgeUid, hex(foreign));
    assert.equal(alarm?.nodeUid, node.nodeUid);
    const told = report([{ badgeUid: nextUid(), reason: "badge-payload-invalid", number: 7 }]);
    await tell(told);
    assert.equal((await causes()).length, 6, "told again: not again an alarm");
  });

  it("raises none for what people do every day", async () => {
    const everyday = ["tenant-mismatch", "badge-not-ours", "badge-moved", "network-timeout"];
    const badgeUid = nextUid();
    await tell(report(everyday.map((reason) => ({ badgeUid, reason }))));
    assert.equal((await rows()).length, 4);
    assert.deepEqual(await causes(), []);
  });

  it("of another tenant's chip looks like that of a chip that nobody knows", async () => {
    const elsewhere = await desk.tenant({ name: "elsewhere" });
    const theirs = (await badge(desk.service, elsewhere.tenantId)).uid;
    const reason = "badge-payload-invalid";
    await tell(
      report([
        { badgeUid: theirs, reason },
        { badgeUid: nextUid(), reason },
      ]),
    );
    const [one, two] = await causes();
    assert.deepEqual(one, two);
    assert.deepEqual(await causes(elsewhere.tenantId), []);
    assert.deepEqual(await rows(elsewhere.tenantId), []);
  });
});

describe("service: a reader that reports without end", () => {
  it("is heard at a bounded rate, keeps the rest, and keeps its session", async () => {
    const limits = { reportedDenialsByNode: { burst: 5, perSecond: 0.5 } };
    const desk = new Desk({ limits });
    const node = await desk.node(await desk.tenant()).boot();
    const tell = async (denials: DenialReport) => {
      const answer = await node.identity.checkIn(bodyOf(denials));
      return parseCheckInAnswer(new JsonReader(answer)).denialsRecorded;
    };
    const eight = Array.from({ length: 8 }, (_, index) => ({ number: index + 1 }));
    assert.equal(await tell(report(eight)), 5);
    assert.equal(await tell(report(eight.slice(5))), 5);
    desk.nowMs += 4_000;
    assert.equal(await tell(report(eight.slice(5))), 7);
    const all = await desk.service.admin.auditRows(node.provisioning.tenantId, 100);
    assert.equal(all.filter(({ kind }) => kind === "badge-refused-by-reader").length, 7);
    assert.ok(
      all.every(({ kind }) => kind !== "reader-denials-dropped"),
      "nothing is lost",
    );
    desk.close();
  });
});

describe("records: reports of readers", () => {
  it("remember the last boots of a node and forget the others", async () => {
    const records = openSqliteRecords(":memory:");
    const one = (boot: number, nodeUid = "n") =>
      records.recordReaderDenials({
        ...{ tenantId: "t", nodeUid, boot: `boot-${boot}`, at: 1_000 + boot },
        denials: [
          {
            number: 1,
            record: { entry: { tenantId: "t", at: 1, kind: "k", data: { boot, nodeUid } } },
          },
        ],
        dropped: () => assert.fail("none is missing"),
      });
    await one(0, "another");
    for (let boot = 0; boot < 12; boot++) await one(boot);
    const count = async () => (await records.auditRows("t", 100)).length;
    assert.equal(await count(), 13);
    for (const boot of [11, 10, 5]) await one(boot); // remembered
    await one(0, "another");
    assert.equal(await count(), 13);
    await one(0); // forgotten: as good as new
    assert.equal(await count(), 14);
    records.close();
  });
});
