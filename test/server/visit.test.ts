import assert from "node:assert/strict";
import { Visitor } from "../../host-sim/visitor.ts";
import type { BadgeDecision } from "../../protocol/badge/verify.ts";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import {
  parseVisitAnswer,
  VISIT_PATH,
  type VisitAnswer,
  writeVisitQuestion,
} from "../../protocol/visit/visit.ts";
import type { Provisioning } from "../../server/admin.ts";
import { visitorName } from "../../server/human/humans.ts";
import type { StatusPlace } from "../../server/store/humans.ts";
import { type VisitOrder, visitCredential } from "../../server/visit/visit-credential.ts";
import { testKey } from "../protocol/human-family.ts";
import { Desk, type TestNode } from "./desk.ts";

/** Sunday, as the desk's clock begins: 12:00 UTC, 13:00 at the site. */
const TODAY = "2026-03-01";
const DAY_MS = 86_400_000;

interface Open {
  readonly requestId: string;
  readonly text: string;
}

describe("a visitor at a door", () => {
  let desk: Desk;
  let tenant: Provisioning;
  let lab: TestNode;
  beforeEach(async () => {
    desk = new Desk();
    tenant = await site("one");
    lab = await reader("lab");
  });
  afterEach(() => desk.close());

  /** A tenant whose visitors may enter the zone `lab`, from 8 to 18 o'clock. */
  async function site(name: string): Promise<Provisioning> {
    const made = await desk.tenant({ name, relayMs: 2500 });
    const { policy } = desk.service.admin;
    const { tenantId } = made;
    await policy.putRule(tenantId, "site", "hq", { timeZone: "Europe/Berlin" });
    for (const zone of ["lab", "vault"])
      await policy.putRule(tenantId, "zone", zone, { site: "hq", firstPerson: false });
    const windows = [{ days: [1, 2, 3, 4, 5, 6, 7], from: 8 * 60, to: 18 * 60 }];
    await policy.putRule(tenantId, "schedule", "office", windows);
    const visitors = { subject: { group: "visitors" }, zones: ["lab"], schedule: "office" };
    await policy.entitle(tenantId, { ...visitors, opens: false });
    return made;
  }

  async function reader(zone: string, name = zone, at = tenant): Promise<TestNode> {
    const node = await desk.node(at, { name }).boot();
    await desk.service.admin.changeNode(at.tenantId, node.nodeUid, { zone });
    return node;
  }

  /** Somebody with a telephone and, by an order, an invitation. */
  async function visitor(
    order: Partial<VisitOrder> = {},
    number = 60,
  ): Promise<Visitor & { place: StatusPlace }> {
    const { publicKey, sign } = testKey(number);
    const nowUnix = () => Math.floor(desk.nowMs / 1000);
    const post = (path: string, body: object) => desk.post(path, body);
    const guest = new Visitor({ crypto, publicKey, sign, post, nowUnix });
    const { tenantId } = tenant;
    const whole = { tenantId, zone: "lab", day: TODAY, holderKey: publicKey, ...order };
    const { humans } = desk.service.admin;
    const issued = await humans.issue(whole.tenantId, visitCredential(whole, nowUnix()));
    guest.credential = issued.sdJwt;
    return Object.assign(guest, { place: issued.place });
  }

  async function ask(node: TestNode, requestId?: string, renew = false): Promise<VisitAnswer> {
    const question = writeVisitQuestion({ ...(requestId && { requestId }), renew });
    return parseVisitAnswer(new JsonReader(await node.identity.call(VISIT_PATH, question)));
  }

  async function open(node: TestNode): Promise<Open> {
    const answer = await ask(node, undefined, true);
    assert.ok(answer.state === "open");
    return answer;
  }

  async function decided(node: TestNode, { requestId }: Open): Promise<BadgeDecision> {
    const answer = await ask(node, requestId);
    assert.ok(answer.state === "decided", answer.state);
    return answer.decision;
  }

  const refused = (promise: Promise<unknown>, code: string) => assert.rejects(promise, { code });
  const rows = async () =>
    (await desk.service.admin.auditRows(tenant.tenantId, 1000)).map(({ kind, data }) => ({
      kind,
      ...JSON.parse(data),
    }));

  it("scans the reader's display and is let in, once, by the rules that badges go by", async () => {
    const guest = await visitor();
    const request = await open(lab);
    assert.match(request.text, /^[0-9A-Z:/.]{1,38}$/);
    assert.deepEqual(await ask(lab, request.requestId), { state: "waiting" });
    await guest.scan(request.text);
    assert.deepEqual(await decided(lab, request), {
      ...{ granted: true, challengeId: request.requestId, relayMs: 2500, holder: "Visitor" },
    });
    assert.deepEqual(await ask(lab, request.requestId), { state: "waiting" });
    const [row] = (await rows()).filter(({ kind }) => kind === "visit-decision");
    const { entitlement, visitor: name, ...facts } = row;
    assert.ok(entitlement && /^visitor:1-[0-9a-f]{6}$/.test(name), JSON.stringify(row));
    assert.deepEqual(facts, {
      ...{ kind: "visit-decision", node_uid: lab.nodeUid, challenge_id: request.requestId },
      ...{ granted: true, relay_ms: 2500 },
    });
    assert.ok(!JSON.stringify(await rows()).includes("Bo"));
  });

  it("cannot use what was made for another door, and not the same presentation twice", async () => {
    const guest = await visitor();
    const other = await reader("lab", "side door");
    const [here, there] = [await open(lab), await open(other)];
    const forLab = await guest.present(await guest.ask(here.text));
    await refused(guest.give(there.text, forLab), "key-binding-audience");
    const next = await open(lab);
    await refused(guest.give(next.text, forLab), "key-binding-nonce");
    await guest.give(here.text, forLab);
    await refused(guest.give(here.text, forLab), "challenge-used");
    // And no reader hears of what was shown at another one.
    const foreign = await reader("lab", "lab", await site("two"));
    for (const node of [other, foreign])
      assert.deepEqual(await ask(node, here.requestId), { state: "waiting" });
    assert.equal((await decided(lab, here)).granted, true);
  });

  it("gains nothing by a photograph of the display", async () => {
    const [guest, late] = [await visitor(), await visitor({}, 61)];
    const request = await open(lab);
    await guest.scan(request.text);
    // Another one with an invitation of their own, who was not at the door.
    await refused(late.scan(request.text), "challenge-used");
    const next = await open(lab);
    const asked = await late.ask(next.text);
    desk.nowMs += 56_000;
    await refused(late.scan(next.text), "challenge-expired");
    await refused(late.give(next.text, await late.present(asked)), "challenge-expired");
    await refused(late.scan(`LATCHKEY:V/${"0".repeat(12)}`), "challenge-used");
    for (const code of ["O".repeat(12), "X", "0".repeat(24)])
      await refused(late.scan(`LATCHKEY:V/${code}`), "malformed");
  });

  it("does not shut the door for others with a bad presentation", async () => {
    const [guest, thief] = [await visitor(), await visitor({}, 61)];
    const request = await open(lab);
    const asked = await thief.ask(request.text);
    thief.credential = guest.credential;
    await refused(thief.give(request.text, await thief.present(asked)), "signature-invalid");
    await refused(thief.give(request.text, "x"), "jws-malformed");
    const { code } = JSON.parse(
      (
        await desk.post("identity_human/ih_visit_present", {
          ...{ code: request.text.slice(-12), vp_token: {} },
        })
      ).body,
    );
    assert.equal(code, "answer-incomplete");
    await guest.scan(request.text);
    assert.equal((await decided(lab, request)).granted, true);
  });

  it("is one of two: of two good answers to one request the first counts", async () => {
    const guests = [await visitor(), await visitor({}, 61)] as const;
    const request = await open(lab);
    const results = await Promise.allSettled(guests.map((guest) => guest.scan(request.text)));
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await decided(lab, request)).granted, true);
    assert.deepEqual(await ask(lab, request.requestId), { state: "waiting" });
  });

  it("stays outside when the invitation was suspended or called off, however late", async () => {
    const guest = await visitor();
    const { humans } = desk.service.admin;
    const set = (value: number) => humans.setStatus(tenant.tenantId, guest.place, value, "desk");
    const request = await open(lab);
    await set(2);
    await refused(guest.scan(request.text), "credential-suspended");
    await set(0);
    await guest.scan(request.text);
    // Between the telephone's answer and the reader's question.
    await set(1);
    const decision = await decided(lab, request);
    assert.deepEqual(decision, {
      ...{ granted: false, challengeId: request.requestId, reason: "credential-revoked" },
    });
    await refused(guest.scan((await open(lab)).text), "credential-revoked");
    await assert.rejects(set(0), { code: "status-index-invalid" });
    const denials = (await rows()).filter(({ kind }) => kind === "visit-decision");
    assert.deepEqual(
      denials.map(({ reason }) => reason),
      ["credential-revoked"],
    );
  });

  it("stays outside elsewhere, on another day, at another hour, and at another tenant's", async () => {
    const vault = await reader("vault");
    for (const [order, code] of [
      [{ zone: "vault" }, "claim-value-refused"],
      [{ day: "2026-03-02" }, "claim-value-refused"],
    ] as const)
      await refused((await visitor(order)).scan((await open(lab)).text), code);
    // Invited to a zone which visitors are not let into at all.
    const guest = await visitor({ zone: "vault" });
    const request = await open(vault);
    await guest.scan(request.text);
    assert.equal(reasonOf(await decided(vault, request)), "entitlement-denied");
    const other = await site("two");
    const foreign = await visitor({ tenantId: other.tenantId });
    await refused(foreign.scan((await open(lab)).text), "issuer-untrusted");
    desk.nowMs += 6 * 3_600_000; // 19:00 at the site
    const evening = await open(lab);
    await (await visitor()).scan(evening.text);
    assert.equal(reasonOf(await decided(lab, evening)), "outside-schedule");
    desk.nowMs += 2 * DAY_MS;
    assert.throws(() => visitCredential({ ...order(), day: TODAY }, desk.nowMs / 1000), {
      code: "credential-date-invalid",
    });
  });

  const reasonOf = (decision: BadgeDecision) => (decision.granted ? "granted" : decision.reason);
  const order = (): VisitOrder => ({
    ...{ tenantId: tenant.tenantId, zone: "lab", day: TODAY, holderKey: testKey(60).publicKey },
  });

  for (const soft of [false, true])
    it(`raises an alarm where anti-passback is violated${soft ? ", let in or not" : ""}`, async () => {
      const { admin } = desk.service;
      const passback = { area: true, seconds: 1, soft };
      const rule = { site: "hq", passback, firstPerson: false };
      await admin.policy.putRule(tenant.tenantId, "zone", "lab", rule);
      const guest = await visitor();
      const come = async () => {
        const request = await open(lab);
        await guest.scan(request.text);
        return reasonOf(await decided(lab, request));
      };
      assert.equal(await come(), "granted");
      assert.deepEqual(await admin.alarms(tenant.tenantId), []);
      assert.equal(await come(), soft ? "granted" : "passback");
      const alarms = await admin.alarms(tenant.tenantId);
      assert.deepEqual(
        alarms.map(({ kind, nodeUid, badgeUid }) => [kind, nodeUid, badgeUid]),
        [["passback", lab.nodeUid, undefined]],
      );
      const who = visitorName(guest.place);
      const how = soft ? "inside-already, let in" : "inside-already";
      assert.equal(alarms[0]!.cause, `${how}, ${who}`);
    });

  it("has gone when the reader does not ask in time", async () => {
    const request = await open(lab);
    await (await visitor()).scan(request.text);
    desk.nowMs += 16_000;
    assert.equal(reasonOf(await decided(lab, request)), "challenge-expired");
  });

  it("is asked nothing at a reader whose zone has no rules, and none that was revoked", async () => {
    const nowhere = await reader("attic");
    const guest = await visitor();
    await refused(guest.scan((await open(nowhere)).text), "policy-unclear");
    const request = await open(lab);
    await desk.service.admin.revokeNode(tenant.tenantId, lab.nodeUid);
    await refused(guest.scan(request.text), "challenge-used");
  });
});
