import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openServiceFolder } from "../../server/start.ts";
import { cases } from "../support/exhaustive.ts";
import { APDUS, blankChip, NEW, type Order, PROFILES, Technician } from "./card-bench.ts";

const COMMANDS = ["new", "rekey", "lock", "wipe"] as const;

describe("a server that stops", function () {
  this.timeout(180_000);

  const works = PROFILES.flatMap((profile) => COMMANDS.map((command) => ({ profile, command })));
  for (const { profile, command } of works) {
    it(`between any two steps of ${command} (${profile}) goes on after its start`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "latchkey-card-"));
      try {
        let { service, firstStart } = await openServiceFolder({ folder });
        const { tenantId } = firstStart!.tenant;
        const fresh: Order = { ...NEW, profile };
        const order: Order = command === "new" ? fresh : { command };
        const first = await Technician.of(service, tenantId);
        const { token } = first;
        const apdus = APDUS[profile][command];
        const steps = Array.from({ length: apdus }, (_, at) => at);
        for (const at of cases("servers that stop", steps, 4)) {
          const chip = blankChip();
          if (command !== "new") await first.atServer(chip, fresh);
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
});
