import assert from "node:assert/strict";
import type { Rate } from "../../server/limits.ts";
import { CHALLENGE_KINDS, type Ephemera, type Spending } from "../../server/store/ephemera.ts";
import {
  challenge,
  EPHEMERA_STORES,
  NOW,
  type ScratchEphemera,
  session,
} from "./ephemera-stores.ts";

for (const { name, make, shared } of EPHEMERA_STORES)
  describe(`ephemera in ${name}`, function () {
    this.timeout(20_000);
    let scratch: ScratchEphemera;
    let store: Ephemera;
    /** Another replica's, where there can be one. */
    let other: Ephemera;
    beforeEach(async function () {
      scratch = await make(this);
      store = await scratch.open();
      other = shared ? await scratch.open() : store;
    });
    afterEach(() => scratch?.drop());

    it("give a challenge back as it was put, once", async () => {
      const full = challenge("ä/🚪' {x}", {
        ...{ kind: "node", tenantId: "t/x", nodeUid: "y'\\", badgeUid: "04aa" },
        ...{ ephemeral: new Uint8Array(32).fill(9), nonce: new Uint8Array(600).fill(4) },
      } as const);
      await store.putChallenge({ ...full, ephemeral: full.ephemeral!.slice() }, 4);
      assert.deepEqual(await other.takeChallenge(full.challengeId, "node"), full);
      assert.equal(await other.takeChallenge(full.challengeId, "node"), undefined);
      await other.putChallenge(challenge("bare"), 4);
      assert.deepEqual(await store.takeChallenge("bare", "badge", "n"), challenge("bare"));
    });

    it("refuse a second challenge of one name while the first is open", async () => {
      await store.putChallenge(challenge("a"), 4);
      const again = other.putChallenge(challenge("a", { kind: "sealed" }), 4);
      await assert.rejects(again, { code: "conflict" });
      assert.ok(await store.takeChallenge("a", "badge"));
      await store.putChallenge(challenge("a", { kind: "sealed" }), 4);
      assert.ok(await store.takeChallenge("a", "sealed"));
    });

    it("give a challenge to one taker, of its kind and node only", async () => {
      await store.putChallenge(challenge("a"), 4);
      assert.equal(await store.takeChallenge("a", "node"), undefined);
      assert.equal(await store.takeChallenge("a", "sealed"), undefined);
      assert.equal(await store.takeChallenge("a", "badge", "other"), undefined);
      assert.equal(await store.takeChallenge("a", "badge", ""), undefined);
      const takers = Array.from({ length: 200 }, (_, i) =>
        (i % 2 === 0 ? store : other).takeChallenge("a", "badge", "n"),
      );
      assert.equal((await Promise.all(takers)).filter((each) => each !== undefined).length, 1);
    });

    it("show a challenge of its kind to who only looks, and keep it", async () => {
      const full = challenge("a", { nonce: new Uint8Array(600).fill(4), kind: "visit" });
      await store.putChallenge(full, 4);
      for (const replica of [store, other, store])
        assert.deepEqual(await replica.challenge("a", "visit"), full);
      assert.equal(await store.challenge("a", "badge"), undefined);
      assert.equal(await store.challenge("b", "visit"), undefined);
      assert.deepEqual(await other.takeChallenge("a", "visit", "n"), full);
      assert.equal(await store.challenge("a", "visit"), undefined);
    });

    it("give out an expired one, so that late is told from never", async () => {
      const late = challenge("late", { expiresAt: NOW - 30 });
      await store.putChallenge(late, 4);
      assert.deepEqual(await other.takeChallenge("late", "badge"), late);
    });

    it("keep the newest challenges of a node and kind, and do not mix tenants", async () => {
      await store.putChallenge(challenge("other tenant", { tenantId: "u" }), 2);
      await store.putChallenge(challenge("other kind", { kind: "sealed" }), 2);
      for (const id of ["1", "2", "3"]) await store.putChallenge(challenge(id), 2);
      assert.equal(await other.takeChallenge("1", "badge"), undefined);
      assert.ok(await other.takeChallenge("3", "badge"));
      // What was taken makes room; it does not push out what is left.
      await store.putChallenge(challenge("4"), 2);
      for (const id of ["2", "4", "other tenant"])
        assert.ok(await other.takeChallenge(id, "badge"), id);
      assert.ok(await other.takeChallenge("other kind", "sealed"));
    });

    it("refuse a flood of one kind, over all nodes, and take again once there is room", async () => {
      const small = await scratch.open({ challengesMax: 3 });
      for (const nodeUid of ["1", "2", "3"])
        await small.putChallenge(challenge(nodeUid, { nodeUid }), 2);
      const more = () => small.putChallenge(challenge("4", { nodeUid: "4" }), 2);
      await assert.rejects(more(), { code: "unavailable" });
      await small.putChallenge(challenge("sealed", { kind: "sealed", nodeUid: "9" }), 2);
      assert.ok(await small.takeChallenge("2", "badge"));
      await more();
      await assert.rejects(small.putChallenge(challenge("5", { nodeUid: "5" }), 2));
      await small.closeNode("t", "1");
      await small.putChallenge(challenge("5", { nodeUid: "5" }), 2);
    });

    it("hand out copies of a session's keys, and keep none that the caller has", async () => {
      const opened = session("a");
      await store.openSession({ ...opened, material: opened.material.slice() }, 4);
      const lent = await other.session("a");
      assert.deepEqual(lent, opened);
      lent!.material.fill(0);
      assert.deepEqual(await store.session("a"), opened);
      assert.equal(await store.session("b"), undefined);
    });

    it("accept each number of a session once, in any order, as the window says", async () => {
      await store.openSession(session("a"), 4);
      assert.equal(await store.acceptSequence("a", 0), false, "that was the handshake");
      for (const seq of [1, 3, 2, 70]) assert.equal(await other.acceptSequence("a", seq), true);
      for (const seq of [1, 2, 3, 6, 70]) assert.equal(await store.acceptSequence("a", seq), false);
      assert.equal(await store.acceptSequence("a", 7), true, "63 back is within the window");
      assert.equal(await store.acceptSequence("a", 0xffff_ffff), true);
      const { highest, low, high } = (await other.replayState("a"))!;
      assert.deepEqual([highest, low, high], [0xffff_ffff, 1, 0]);
      assert.equal(await store.acceptSequence("nobody", 1), false);
      assert.equal(await store.replayState("nobody"), undefined);
    });

    it("accept one of all messages with one number, and all with numbers of their own", async () => {
      await store.openSession(session("a"), 4);
      const twice = Array.from({ length: 120 }, (_, i) =>
        (i % 2 === 0 ? store : other).acceptSequence("a", 1 + (i >> 1)),
      );
      const accepted = (await Promise.all(twice)).filter(Boolean).length;
      assert.equal(accepted, 60, "each of 60 numbers, sent twice");
    });

    it("renew a session that is there", async () => {
      await store.openSession(session("a"), 4);
      assert.equal(await other.renewSession("a", NOW + 2000), true);
      assert.equal((await store.session("a"))?.expiresAt, NOW + 2000);
      assert.equal((await store.session("a"))?.endsAt, NOW + 5000);
      assert.equal(await store.renewSession("b", NOW + 2000), false);
      assert.equal(await store.session("b"), undefined);
    });

    it("keep the newest sessions of a node", async () => {
      await store.openSession(session("other node", { nodeUid: "m" }), 2);
      for (const sid of ["a", "b", "c", "d"]) await store.openSession(session(sid), 2);
      const sids = ["a", "b", "c", "d", "other node"];
      const open = await Promise.all(sids.map((sid) => other.session(sid)));
      assert.deepEqual(
        open.map((each) => each?.sid),
        [undefined, undefined, "c", "d", "other node"],
      );
    });

    it("end all that a node has, and nothing of others", async () => {
      for (const kind of CHALLENGE_KINDS) await store.putChallenge(challenge(kind, { kind }), 4);
      await store.putChallenge(challenge("m", { nodeUid: "m" }), 4);
      await store.openSession(session("a"), 4);
      await store.openSession(session("u", { tenantId: "u" }), 4);
      await other.closeNode("t", "n");
      for (const kind of CHALLENGE_KINDS)
        assert.equal(await store.takeChallenge(kind, kind), undefined, kind);
      assert.equal(await store.session("a"), undefined);
      assert.equal(await store.acceptSequence("a", 1), false);
      assert.equal(await store.renewSession("a", NOW + 10), false);
      assert.ok(await store.takeChallenge("m", "badge"));
      assert.ok(await store.session("u"));
    });

    const never = { burst: 5, perSecond: 1e-9 };
    const of = (subject: string, weight = 1, rate: Rate = never, limit = "l") => ({
      ...{ limit, rate, subject, weight },
    });

    it("let through no more than a bucket holds, however many ask at once", async () => {
      const asked = Array.from({ length: 120 }, (_, i) =>
        (i % 2 === 0 ? store : other).spend([of("a"), of("b", 1, { ...never, burst: 50 })], NOW),
      );
      const refused = (await Promise.all(asked)).filter((each) => each !== undefined);
      assert.equal(refused.length, 115);
      for (const each of refused) {
        assert.equal(each.limit, "l");
        assert.ok(each.waitMs > 9e11 && each.waitMs <= 1e12, `${each.waitMs}`);
      }
      assert.equal(await other.spend([of("c", 5)], NOW), undefined, "another has a bucket");
      assert.ok(await store.spend([of("c")], NOW));
      assert.equal(await store.spend([of("c", 1, never, "m")], NOW), undefined, "of another limit");
    });

    it("take from all buckets or from none, and name the one that is empty", async () => {
      await store.spend([of("empty", 5, never, "second")], NOW);
      const both = [of("full", 2, never, "first"), of("empty", 1, never, "second")];
      for (let i = 0; i < 5; i++) assert.equal((await other.spend(both, NOW))?.limit, "second");
      assert.equal(await store.spend([of("full", 5, never, "first")], NOW), undefined);
    });

    it("take a challenge out when it is paid for, and else neither it nor anything", async () => {
      await store.putChallenge(challenge("a"), 4);
      const pay = (from: Ephemera, id: string, ...spendings: Spending[]) =>
        from.takePaidChallenge(id, "badge", { spendings, nowMs: NOW });
      await store.spend([of("empty", 5, never, "second")], NOW);
      const both = [of("full", 1, never, "first"), of("empty", 1, never, "second")];
      for (let i = 0; i < 7; i++) {
        const answer = await pay(other, "a", ...both);
        assert.ok("refused" in answer && answer.refused.limit === "second");
        assert.ok(answer.refused.waitMs > 9e11, `${answer.refused.waitMs}`);
      }
      const asked = Array.from({ length: 40 }, (_, i) =>
        pay(i % 2 === 0 ? store : other, "a", of("full", 1, never, "first")),
      );
      const answers = await Promise.all(asked);
      const taken = answers.flatMap((each) => ("taken" in each && each.taken ? [each.taken] : []));
      assert.deepEqual(
        taken.map(({ challengeId }) => challengeId),
        ["a"],
      );
      assert.equal(
        answers.filter((each) => "refused" in each).length,
        35,
        "each of them was counted",
      );
      await store.putChallenge(challenge("s", { kind: "sealed" }), 4);
      assert.deepEqual(await pay(store, "s"), { taken: undefined }, "of another kind");
    });

    it("look into a bucket without taking from it", async () => {
      for (let i = 0; i < 10; i++) assert.equal(await store.spend([of("a", 0)], NOW), undefined);
      assert.equal(await other.spend([of("a", 5)], NOW), undefined);
      assert.ok(await store.spend([of("a", 0)], NOW));
    });

    it("fill a bucket again, and not beyond what it holds", async () => {
      const fast = { burst: 5, perSecond: 1e9 };
      for (let i = 0; i < 5; i++) {
        assert.equal(await store.spend([of("a", 5, fast)], NOW + i), undefined);
        await store.ping();
      }
      assert.ok(await store.spend([of("a", 6, fast)], NOW + 9), "more than it holds never passes");
    });

    it("have a clock of their own where others share them", async () => {
      const ms = await store.clockMs();
      assert.equal(ms === undefined, !shared);
      assert.ok(Math.abs((ms ?? Date.now()) - Date.now()) < 20_000, `${ms}`);
    });

    it("answer when they are asked whether they do", async () => {
      await store.ping();
    });
  });

describe("ephemera in memory", () => {
  it("forget what is over, of every kind", async function () {
    const scratch = await EPHEMERA_STORES[0]!.make(this);
    const store = await scratch.open({ challengesMax: 1 });
    for (const kind of CHALLENGE_KINDS) await store.putChallenge(challenge(kind, { kind }), 4);
    await store.sweep(NOW + 55 + 60);
    for (const kind of CHALLENGE_KINDS)
      await store.putChallenge(challenge(`${kind} 2`, { kind, nodeUid: "m" }), 4);
    await scratch.drop();
  });
});
