import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { restoreChip, snapshotChip } from "../../host-sim/nfc/chip-snapshot.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { openServiceFolder } from "../../server/start.ts";
import {
  blankChip,
  everyFault,
  failures,
  isFactoryFresh,
  NEW,
  type Order,
  Technician,
} from "./card-bench.ts";
import { Desk, reasonOf, type TestNode } from "./desk.ts";

const GONE = "badge-moved";
/** How many commands each piece of work sends: all of them are tried. */
const APDUS = Object.freeze({ new: 35, rekey: 26, lock: 32, wipe: 34 });

describe("a badge pulled away", function () {
  this.timeout(180_000);
  let desk: Desk;
  let tech: Technician;
  let node: TestNode;
  before(async () => {
    const unlimited = { burst: 1e6, perSecond: 1e6 };
    const limits = { tapsByNode: unlimited, requestsByNode: unlimited };
    desk = new Desk({ limits });
    const provisioning = await desk.tenant();
    tech = await Technician.of(desk.service, provisioning.tenantId);
    node = await desk.node(provisioning).boot();
  });
  after(() => desk.close());

  const orders: Readonly<Record<string, { order: Order; enrolled: boolean; apdus: number }>> = {
    "new, STD": { order: NEW, enrolled: false, apdus: APDUS.new },
    "new, HS": { order: { ...NEW, mode: "HS" }, enrolled: false, apdus: APDUS.new },
    rekey: { order: { command: "rekey" }, enrolled: true, apdus: APDUS.rekey },
    lock: { order: { command: "lock" }, enrolled: true, apdus: APDUS.lock },
    "lock for good": {
      order: { command: "lock", forGood: true },
      enrolled: true,
      apdus: APDUS.lock,
    },
    wipe: { order: { command: "wipe" }, enrolled: true, apdus: APDUS.wipe },
  };

  async function cardFor(enrolled: boolean): Promise<Ntag424> {
    const chip = blankChip();
    if (enrolled) await tech.run(chip, NEW);
    return chip;
  }

  async function assertWorks(chip: Ntag424, what: string): Promise<void> {
    assert.equal(reasonOf(await node.tap(chip)), "granted", what);
    assert.equal(failures(chip), 0, what);
    const versions = new Set(chip.memory.keys.map(({ version }) => version));
    assert.equal(versions.size, 1, what);
  }

  for (const [name, { order: wish, enrolled, apdus }] of Object.entries(orders)) {
    it(`at any APDU of ${name} is finished by the same command`, async () => {
      const order = wish.mode === "HS" ? { ...wish, nodeUid: node.nodeUid } : wish;
      const probe = await cardFor(enrolled);
      await tech.run(probe, order);
      assert.equal(tech.commands.length, apdus, "APDUs");
      const faults = everyFault(apdus);
      assert.equal(faults.length, apdus * 4);
      for (const fault of faults) {
        const what = `${name} at ${fault.at} ${fault.when}`;
        const chip = await cardFor(enrolled);
        assert.equal(await tech.code(chip, order, fault), GONE, what);
        const outcome = await tech.run(chip, order);
        if (outcome.state === "blank") {
          assert.ok(isFactoryFresh(chip) && failures(chip) === 0, what);
          assert.equal(await desk.service.admin.badge(tech.tenantId, chip.uid), undefined);
        } else await assertWorks(chip, what);
      }
    });
  }

  it("at any APDU of new can be made blank again", async () => {
    for (const fault of everyFault(APDUS.new)) {
      const chip = await cardFor(false);
      assert.equal(await tech.code(chip, NEW, fault), GONE);
      const code = await tech.code(chip, { command: "wipe" });
      // Before the first write nothing is known of it: it never stopped to be blank.
      const what = `${fault.at} ${fault.when}: ${code}`;
      assert.ok(code === "ok" || code === "badge-unknown", what);
      assert.ok(isFactoryFresh(chip) && failures(chip) <= 1, what);
    }
  });

  it("opens the door as before or not at all until it is finished, and raises no alarm", async () => {
    const seen = new Set<string>();
    for (const command of ["rekey", "lock", "wipe"] as const) {
      for (const fault of everyFault(APDUS[command])) {
        const chip = await cardFor(true);
        await tech.code(chip, { command }, fault);
        // A wiped file holds no link: then the reader refuses by itself.
        const reason = await node.tap(chip).then(reasonOf, (error) => error.code);
        seen.add(reason);
      }
    }
    const allowed = ["granted", "badge-suspended", "badge-not-ours", "sdm-malformed"];
    assert.deepEqual(
      [...seen].filter((reason) => !allowed.includes(reason)),
      [],
    );
    assert.ok(seen.has("granted") && seen.has("badge-suspended"));
    assert.deepEqual(await desk.service.admin.alarms(tech.tenantId), []);
  });

  it("again and again still ends as a working badge", async () => {
    const random = new Prng("tears", "again");
    const whens = ["before", "during, undone", "during, done", "after"] as const;
    for (let round = 0; round < 25; round++) {
      const chip = blankChip();
      for (const order of [NEW, { command: "rekey" }, { command: "lock" }] as const) {
        for (let tear = 0; tear < 4; tear++) {
          const [a, b] = random.bytes(2);
          await tech.code(chip, order, { at: a! % APDUS.new, when: whens[b! % 4]! });
        }
        assert.equal(await tech.code(chip, order), "ok");
      }
      await assertWorks(chip, String(round));
    }
  });

  it("is not made to count failures by a technician who tries forty times", async () => {
    const chip = blankChip();
    for (let i = 0; i < 40; i++) await tech.code(chip, NEW, { at: 11, when: "during, done" });
    // Each attempt that was cut off between its two parts counts: the chip cannot know better.
    assert.ok(failures(chip) <= 40);
    await tech.run(chip, NEW);
    assert.equal(failures(chip), 0);
  });
});

describe("a server that stops", function () {
  this.timeout(180_000);

  for (const command of ["new", "rekey", "lock", "wipe"] as const) {
    it(`between any two steps of ${command} goes on after its start`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "latchkey-card-"));
      try {
        let { service, firstStart } = await openServiceFolder({ folder });
        const { tenantId } = firstStart!.tenant;
        const order: Order = command === "new" ? NEW : { command };
        const first = await Technician.of(service, tenantId);
        const { token } = first;
        const template = blankChip();
        if (command !== "new") await first.run(template, NEW);
        const apdus = APDUS[command];
        for (let at = 0; at < apdus; at++) {
          const chip = command === "new" ? blankChip() : await enrolled(first);
          const crashing = new Technician(service, tenantId, token);
          crashing.onStep = async (step) => {
            if (step !== at) return;
            service.close();
            ({ service } = await openServiceFolder({ folder }));
            // The technician's computer still has the card, and asks the new process.
            Object.assign(crashing, { service });
          };
          assert.equal(await crashing.code(chip, order), "card-run-ended", `${at}`);
          crashing.onStep = undefined;
          Object.assign(first, { service });
          const outcome = await crashing.run(chip, order);
          assert.equal(outcome.state, command === "wipe" ? "blank" : "enrolled", `${at}`);
          const seen = await crashing.run(chip, { command: "inspect" });
          assert.equal(seen.state, outcome.state, `${at}`);
        }
        service.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  async function enrolled(tech: Technician): Promise<Ntag424> {
    const chip = blankChip();
    await tech.run(chip, NEW);
    const engines = { crypto: nodeCrypto, random: new Prng("again", "chip") };
    return restoreChip(snapshotChip(chip), engines);
  }
});
