/** The supply of a reader breaks down in the middle of a write to flash, while somebody taps. */
import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";

async function ask(sim: Simulation, line: string): Promise<string> {
  let output = "";
  sim.board.serial.onData((bytes) => {
    output += fromUtf8(bytes);
  });
  sim.board.serial.write(toUtf8(`${line}\r`));
  await sim.until(() => output.endsWith("\r\n> "), 5_000_000);
  return output;
}

const badges = { alice: { kind: "good", mode: "STD", holder: "Alice" } } as const;

describe("a brownout in a write to flash", () => {
  for (const tear of ["before", "random", "after"] as const)
    it(`(${tear}): the reader comes back as who it was, says why, and opens the door`, async function () {
      this.timeout(120_000);
      const sim = await Simulation.create({ seed: `brownout ${tear}`, badges });
      await sim.ready();
      const uid = /node uid: +(\S+)/.exec(await ask(sim, "id"))?.[1];
      assert.ok(uid !== undefined);
      const before = sim.board.flash.operations;
      sim.board.flash.cutAt(1, tear);
      await sim.enter("alice");
      await sim.until(() => sim.board.stage === "off", 10_000_000);
      assert.equal(sim.board.relay.energised, false);
      assert.ok(sim.board.flash.operations > before, "the tap was writing");
      sim.board.powerOn("brownout");
      await sim.ready();
      assert.match(await ask(sim, "status"), /boot reason: +brownout/);
      assert.match(await ask(sim, "log 100"), /"event":"boot","reason":"brownout"/);
      assert.equal(/node uid: +(\S+)/.exec(await ask(sim, "id"))?.[1], uid);
      assert.match(await ask(sim, "id"), /registration: +exists/);
      // The badge is still held there.
      await sim.until(() => sim.board.relay.energised, 15_000_000);
    });
});
