import assert from "node:assert/strict";
import { blankChip, failures, isFactoryFresh, NEW, Technician } from "./card-bench.ts";
import { Desk, reasonOf, type TestNode } from "./desk.ts";

describe("a badge's life", () => {
  let desk: Desk;
  let tech: Technician;
  let node: TestNode;
  beforeEach(async () => {
    desk = new Desk();
    const provisioning = await desk.tenant();
    tech = await Technician.of(desk.service, provisioning.tenantId);
    node = await desk.node(provisioning).boot();
  });
  afterEach(() => desk.close());
  const stored = (uid: Uint8Array) => desk.service.admin.badge(tech.tenantId, uid);

  it("begins with one command, after which the door opens", async () => {
    const chip = blankChip();
    const outcome = await tech.run(chip, NEW);
    assert.deepEqual(
      { ...outcome, badgeUid: undefined },
      {
        badgeUid: undefined,
        state: "enrolled",
        changed: true,
        mode: "STD",
        profile: "open",
        holder: "Ada Lovelace",
        lock: "open",
        keyGeneration: 1,
        readCounter: 1,
      },
    );
    assert.equal(
      reasonOf(await node.decide(await node.answer(chip, await node.challenge()))),
      "granted",
    );
    assert.ok(
      chip.memory.keys.every(({ version, value }) => version === 1 && value.some((b) => b)),
    );
    assert.equal(failures(chip), 0);
  });

  it("has the counter of the read that proved it as its floor", async () => {
    const chip = blankChip();
    const { readCounter } = await tech.run(chip, NEW);
    assert.equal((await stored(chip.uid))?.readCounter, readCounter);
  });

  it("changes key 0 last, after all else", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    const writes = tech.commands.filter(
      ([cla, ins]) => cla === 0x90 && [0xc4, 0x5f, 0x8d].includes(ins!),
    );
    assert.deepEqual([writes.at(-1)![1], writes.at(-1)![5]], [0xc4, 0]);
    assert.deepEqual(
      writes.filter(([, ins]) => ins === 0xc4).map((apdu) => apdu[5]),
      [1, 2, 3, 4, 0],
    );
  });

  it("opens only its own reader in mode HS", async () => {
    const chip = blankChip();
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    await tech.run(chip, { ...NEW, mode: "HS", nodeUid: node.nodeUid });
    assert.equal(reasonOf(await node.tap(chip)), "granted");
    await assert.rejects(other.tap(chip), { code: "mode-mismatch" });
    const unknown = { ...NEW, mode: "HS", nodeUid: crypto.randomUUID() } as const;
    const blank = blankChip();
    assert.equal(await tech.code(blank, unknown), "node-unknown");
    assert.ok(isFactoryFresh(blank));
  });

  it("says so when the same is asked for again, and refuses to enrol for something else", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    const again = await tech.run(chip, NEW);
    assert.deepEqual([again.state, again.changed], ["enrolled", false]);
    assert.equal(await tech.code(chip, { ...NEW, holder: "Eve" }), "conflict");
    assert.equal(reasonOf(await node.tap(chip)), "granted");
  });

  it("has other keys after rekey and still opens; the old messages do not", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    const before = chip.memory.keys.map(({ value }) => Buffer.from(value).toString("hex"));
    const kept = await node.answer(chip, await node.challenge());
    const outcome = await tech.run(chip, { command: "rekey" });
    assert.equal(outcome.keyGeneration, 2);
    const after = chip.memory.keys.map(({ value }) => Buffer.from(value).toString("hex"));
    // Key 1 is the tenant's: it is needed before the UID is known.
    assert.deepEqual(
      after.map((key, i) => key === before[i]),
      [false, true, false, false, false],
    );
    assert.equal(reasonOf(await node.tap(chip)), "granted");
    const { picc, cmac } = kept;
    const fresh = await node.answer(chip, await node.challenge());
    assert.equal(reasonOf(await node.decide({ ...fresh, picc, cmac })), "badge-cloned");
  });

  it("opens after lock, whose counter starts again under new keys", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    for (let i = 0; i < 4; i++) await node.tap(chip);
    const old = await node.answer(chip, await node.challenge());
    const outcome = await tech.run(chip, { command: "lock" });
    assert.deepEqual([outcome.lock, outcome.readCounter, outcome.keyGeneration], ["locked", 1, 2]);
    assert.equal(reasonOf(await node.tap(chip)), "granted");
    // A read that was recorded before, with a counter that would be new again.
    const fresh = await node.answer(chip, await node.challenge());
    const replay = { ...fresh, picc: old.picc, cmac: old.cmac };
    assert.equal(reasonOf(await node.decide(replay)), "badge-cloned");
    assert.equal((await tech.run(chip, { command: "lock" })).changed, false);
  });

  it("ends with a chip as it left the factory, which can be enrolled under keys never used", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    const first = chip.memory.keys.map(({ value }) => value);
    await tech.run(chip, { command: "lock" });
    const outcome = await tech.run(chip, { command: "wipe" });
    assert.deepEqual([outcome.state, outcome.changed], ["blank", true]);
    assert.ok(isFactoryFresh(chip));
    assert.equal(chip.memory.files[0]!.content[14], 0);
    assert.equal(await stored(chip.uid), undefined);
    assert.equal((await tech.run(chip, { command: "wipe" })).changed, false);
    assert.equal((await tech.run(chip, NEW)).keyGeneration, 3);
    assert.equal(reasonOf(await node.tap(chip)), "granted");
    assert.notDeepEqual(chip.memory.keys[0]!.value, first[0]);
    assert.ok((await desk.service.admin.verifyAudit(tech.tenantId)).intact);
  });

  it("cannot be wiped once it is locked for good, but rekeyed", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    assert.equal((await tech.run(chip, { command: "lock", forGood: true })).lock, "for-good");
    assert.equal(await tech.code(chip, { command: "wipe" }), "card-locked");
    assert.equal((await tech.run(chip, { command: "rekey" })).lock, "for-good");
    assert.equal((await tech.run(chip, { command: "lock" })).changed, false);
    assert.equal(reasonOf(await node.tap(chip)), "granted");
  });

  it("rekeys, locks and wipes a badge that was issued in the old way", async () => {
    const { badge } = await import("./desk.ts");
    for (const command of ["rekey", "lock", "wipe"] as const) {
      const chip = await badge(desk.service, tech.tenantId);
      await tech.run(chip, { command });
      if (command === "wipe") assert.ok(isFactoryFresh(chip));
      else assert.equal(reasonOf(await node.tap(chip)), "granted");
    }
  });

  it("that began with other words ends with the last ones", async () => {
    for (let at = 12; at < 35; at++) {
      const chip = blankChip();
      await tech.code(chip, NEW, { at, when: "after" });
      const order = { ...NEW, mode: "HS", nodeUid: node.nodeUid, holder: "Grace" } as const;
      const outcome = await tech.run(chip, order);
      assert.deepEqual([outcome.mode, outcome.holder], ["HS", "Grace"], `${at}`);
      assert.equal((await stored(chip.uid))?.nodeUid, node.nodeUid);
      const { challengeId, nonce } = await node.challenge();
      const tapped = await node.decide(await node.answer(chip, { challengeId, nonce }));
      assert.equal(reasonOf(tapped), "granted", `${at}`);
      desk.nowMs += 2000;
    }
  });

  it("locked for good in part is locked for good by any further lock", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    await tech.code(chip, { command: "lock", forGood: true }, { at: 27, when: "after" });
    assert.equal((await tech.run(chip, { command: "lock" })).lock, "for-good");
    assert.equal(reasonOf(await node.tap(chip)), "granted");
  });

  it("of a reader that was revoked can still be rekeyed, finished and wiped", async () => {
    const chip = blankChip();
    await tech.run(chip, { ...NEW, mode: "HS", nodeUid: node.nodeUid });
    await tech.code(chip, { command: "rekey" }, { at: 20, when: "after" });
    await desk.service.admin.revokeNode(tech.tenantId, node.nodeUid);
    assert.equal((await tech.run(chip, { command: "rekey" })).state, "enrolled");
    assert.equal((await tech.run(chip, { command: "wipe" })).state, "blank");
    assert.ok(isFactoryFresh(chip));
  });

  it("shows at inspect what is on a chip, and takes that read's message out of use", async () => {
    const chip = blankChip();
    assert.equal((await tech.run(chip, { command: "inspect" })).state, "blank");
    assert.equal(tech.commands.length, 14);
    await tech.run(chip, NEW);
    const seen = await tech.run(chip, { command: "inspect" });
    assert.deepEqual([seen.state, seen.holder, seen.readCounter], ["enrolled", "Ada Lovelace", 2]);
    assert.equal((await stored(chip.uid))?.readCounter, 2);
    const stranger = blankChip();
    stranger.memory.keys[3] = { value: new Uint8Array(16).fill(7), version: 9 };
    assert.equal((await tech.run(stranger, { command: "inspect" })).state, "foreign");
    assert.equal(failures(stranger) + failures(chip), 0);
  });
});
