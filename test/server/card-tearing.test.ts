import assert from "node:assert/strict";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { cases } from "../support/exhaustive.ts";
import {
  APDUS,
  blankChip,
  everyFault,
  failures,
  isFactoryFresh,
  NEW,
  type Order,
  PROFILES,
  Technician,
  tapAs,
} from "./card-bench.ts";
import { Desk, type TestNode } from "./desk.ts";

const GONE = "badge-moved";

for (const profile of PROFILES) {
  describe(`a badge (${profile}) pulled away`, function () {
    this.timeout(180_000);
    const fresh: Order = { ...NEW, profile };
    const apdusOf = APDUS[profile];
    let desk: Desk;
    let tech: Technician;
    let node: TestNode;
    before(async () => {
      const unlimited = { burst: 1e6, perSecond: 1e6 };
      const perNode = {
        tapsByNode: unlimited,
        requestsByNode: unlimited,
        requestsByTenant: unlimited,
      };
      const limits = {
        ...perNode,
        tapsByBadge: unlimited,
        failuresByBadge: unlimited,
        cardStepsByAddress: unlimited,
      };
      desk = new Desk({ limits });
      const provisioning = await desk.tenant();
      tech = await Technician.of(desk.service, provisioning.tenantId);
      node = await desk.node(provisioning).boot();
    });
    after(() => desk.close());

    const orders: Readonly<Record<string, Order>> = {
      "new, STD": fresh,
      "new, HS": { ...fresh, mode: "HS" },
      rekey: { command: "rekey" },
      lock: { command: "lock" },
      "lock for good": { command: "lock", forGood: true },
      wipe: { command: "wipe" },
    };

    async function cardFor(enrolled: boolean): Promise<Ntag424> {
      const chip = blankChip();
      if (enrolled) await tech.atServer(chip, fresh);
      return chip;
    }

    async function assertWorks(chip: Ntag424, what: string): Promise<void> {
      assert.equal(await tapAs(profile, node, chip), "granted", what);
      assert.equal(failures(chip), 0, what);
      const versions = new Set(chip.memory.keys.map(({ version }) => version));
      assert.equal(versions.size, 1, what);
    }

    for (const [name, wish] of Object.entries(orders)) {
      it(`at any APDU of ${name} is finished by the same command`, async () => {
        const order = wish.mode === "HS" ? { ...wish, nodeUid: node.nodeUid } : wish;
        const enrolled = order.command !== "new";
        const apdus = apdusOf[order.command as keyof typeof apdusOf];
        const probe = await cardFor(enrolled);
        await tech.run(probe, order);
        assert.equal(tech.commands.length, apdus, "APDUs");
        const faults = everyFault(apdus);
        assert.equal(faults.length, apdus * 4);
        for (const fault of cases("badges pulled away", faults, 5)) {
          const what = `${name} at ${fault.at} ${fault.when}`;
          const chip = await cardFor(enrolled);
          assert.equal(await tech.code(chip, order, fault), GONE, what);
          const outcome = await tech.atServer(chip, order);
          if (outcome.state === "blank") {
            assert.ok(isFactoryFresh(chip) && failures(chip) === 0, what);
            assert.equal(await desk.service.admin.badge(tech.tenantId, chip.uid), undefined);
          } else await assertWorks(chip, what);
        }
      });
    }

    it("at any APDU of new can be made blank again", async () => {
      for (const fault of cases("badges pulled away", everyFault(apdusOf.new), 5)) {
        const chip = await cardFor(false);
        assert.equal(await tech.code(chip, fresh, fault), GONE);
        const wiped = tech.atServer(chip, { command: "wipe" });
        const code = await wiped.then(
          () => "ok",
          (error) => error.code,
        );
        // Before the first write nothing is known of it: it never stopped to be blank.
        const what = `${fault.at} ${fault.when}: ${code}`;
        assert.ok(code === "ok" || code === "badge-unknown", what);
        assert.ok(isFactoryFresh(chip) && failures(chip) <= 1, what);
      }
    });

    it("opens the door as before or not at all until it is finished, and raises no alarm", async () => {
      const seen = new Set<string>();
      for (const command of ["rekey", "lock", "wipe"] as const) {
        for (const fault of cases("badges pulled away", everyFault(apdusOf[command]), 5)) {
          const chip = await cardFor(true);
          await tech.code(chip, { command }, fault);
          // A wiped file holds no link: then the reader refuses by itself.
          seen.add(await tapAs(profile, node, chip).catch((error) => error.code));
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
        for (const order of [fresh, { command: "rekey" }, { command: "lock" }] as const) {
          for (let tear = 0; tear < 4; tear++) {
            const [a, b] = random.bytes(2);
            await tech.code(chip, order, { at: a! % apdusOf.new, when: whens[b! % 4]! });
          }
          assert.equal(await tech.code(chip, order), "ok");
        }
        await assertWorks(chip, String(round));
      }
    });

    it("is not made to count failures by a technician who tries forty times", async () => {
      const chip = blankChip();
      for (let i = 0; i < 40; i++) await tech.code(chip, fresh, { at: 11, when: "during, done" });
      // Each attempt that was cut off between its two parts counts: the chip cannot know better.
      assert.ok(failures(chip) <= 40);
      await tech.run(chip, fresh);
      assert.equal(failures(chip), 0);
    });
  });
}
