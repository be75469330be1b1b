import assert from "node:assert/strict";
import { badge, Desk, nextUid, reasonOf } from "./desk.ts";

/** Two calls at once interleave at their awaits; each order of starting them is another race. */
describe("service: calls at once", () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
  });
  afterEach(() => desk.close());

  for (const revokeFirst of [false, true])
    it(`cannot approve a node that is being revoked (revoked ${revokeFirst ? "first" : "last"})`, async () => {
      const { admin } = desk.service;
      const tenant = await desk.tenant({ registration: "approve" });
      const { tenantId } = tenant;
      const { nodeUid } = await desk.node(tenant).identity.ensureRegistered();
      const approve = () => admin.approveNode(tenantId, nodeUid).catch(() => {});
      const revoke = () => admin.revokeNode(tenantId, nodeUid);
      await Promise.all(revokeFirst ? [revoke(), approve()] : [approve(), revoke()]);
      const [node] = await admin.nodes(tenantId);
      assert.equal(node?.status, "revoked");
    });

  it("spend an enrolment token once", async () => {
    const { admin } = desk.service;
    const tenant = await desk.tenant({ registration: "token" });
    const enrolToken = await admin.createEnrolToken(tenant.tenantId, 60);
    const names = ["a", "b", "c", "d"];
    const outcomes = await Promise.allSettled(
      names.map((name) => desk.node(tenant, { name, enrolToken }).identity.ensureRegistered()),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await admin.nodes(tenant.tenantId)).length, 1);
  });

  it("grant one of several taps with one read of the badge", async () => {
    const tenant = await desk.tenant();
    const reader = await desk.node(tenant).boot();
    const card = await badge(desk.service, tenant.tenantId);
    const challenges = [
      await reader.challenge(),
      await reader.challenge(),
      await reader.challenge(),
    ];
    const first = await reader.answer(card, challenges[0]!);
    const copies = await Promise.all(
      challenges.slice(1).map(async (challenge) => {
        const other = await reader.answer(card, challenge);
        return { ...other, picc: first.picc, cmac: first.cmac };
      }),
    );
    const reasons = (await Promise.all([first, ...copies].map((one) => reader.decide(one)))).map(
      reasonOf,
    );
    assert.deepEqual(reasons.sort(), ["badge-cloned", "badge-cloned", "granted"]);
  });

  it("have no grant in the audit log behind the badge's revocation", async () => {
    const { admin } = desk.service;
    const tenant = await desk.tenant();
    const { tenantId } = tenant;
    const reader = await desk.node(tenant).boot();
    for (let ticks = 0; ticks < 30; ticks++) {
      desk.nowMs += 1000; // within the rate of taps
      const card = await badge(desk.service, tenantId, { badgeUid: nextUid() });
      const request = await reader.answer(card, await reader.challenge());
      const revoke = async (): Promise<void> => {
        for (let n = 0; n < ticks; n++) await undefined;
        await admin.setBadgeStatus(tenantId, card.uid, "revoked");
      };
      const [decision] = await Promise.all([reader.decide(request), revoke()]);
      const [first, second] = (await admin.auditRows(tenantId, 10_000)).slice(-2);
      const order = [first!, second!].map(({ kind, data }) =>
        kind === "badge-changed" ? "revoked" : (JSON.parse(data).reason ?? "granted"),
      );
      assert.notDeepEqual(order, ["revoked", "granted"], `after ${ticks} turns`);
      assert.ok(["granted", "badge-revoked"].includes(reasonOf(decision)), reasonOf(decision));
    }
    assert.equal((await admin.alarms(tenantId)).length, 0);
  });
});
