import assert from "node:assert/strict";
import { reedContact } from "../../examples/own-sensor.ts";
import { SensorSimulation } from "../../host-sim/node/sensor-simulation.ts";

describe("a sensor of one's own", () => {
  it("reports at once what it notices, under its name", async () => {
    const sim = await SensorSimulation.create({
      seed: "window",
      node: {
        sensors: [{ platform: "reed-contact", name: "window", pin: 16, update_interval: "1h" }],
      },
      drivers: [reedContact],
    });
    const window = sim.board.pins.pin(16);
    window.drive("magnet", "low");
    sim.board.powerOn();
    await sim.world.runFor(90_000_000);
    window.drive("magnet", "none");
    await sim.world.runFor(2_000_000);
    window.drive("magnet", "low");
    await sim.world.runFor(2_000_000);
    assert.deepEqual(
      sim.backend.readings.map(({ reading }) => reading.named),
      [{ "window.open": 0 }, { "window.open": 1 }, { "window.open": 0 }],
    );
  });
});
