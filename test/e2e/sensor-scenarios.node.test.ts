import assert from "node:assert/strict";
import { runScenario } from "../../host-sim/node/run-scenario.ts";
import type { SimEvent } from "../../host-sim/scenario/events.ts";
import { parseScenario } from "../../host-sim/scenario/parse.ts";
import { readText } from "../house/source.ts";

async function play(text: string): Promise<Extract<SimEvent, { type: "result" }>> {
  const options = {
    expectText: [],
    failText: [],
    speed: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
  };
  for await (const event of runScenario(parseScenario(text), options))
    if (event.type === "result") return event;
  return assert.fail("a run ends with its result");
}

const nodeWith = (fridge: string): string => `
node: sensor
sensors:
  fridge: { platform: ds18b20, ${fridge}, update_interval: 10s }
reader: { upload: { every: 5s } }
`;
const PROBE = nodeWith("transmit: 8, receive: 9");

describe("a scenario with sensors", () => {
  it("goes as examples/warm-room.yaml says, the same way each time", async () => {
    const text = readText("examples/warm-room.yaml");
    const first = await play(text);
    assert.equal(first.ok, true, first.message);
    assert.equal((await play(text)).traceHash, first.traceHash);
  });

  it("goes as examples/away-from-network.yaml says", async () => {
    const { ok, message } = await play(readText("examples/away-from-network.yaml"));
    assert.equal(ok, true, message);
  });

  for (const wires of ["pin: 22", "transmit: 8, receive: 9"])
    it(`brings a probe's readings and failures to the server, on ${wires}`, async () => {
      const steps = `
steps:
  - set: fridge
    temperature: 4.25
  - expect: { reading: { temperature: 4.25 }, within: 30s }
  - fault: { sensor: fridge, mode: absent }
    for: 60s
  - expect: { sensor-error: sensor-absent, within: 60s }
  - wait: 60s
  - set: fridge
    temperature: -18.5
  - expect: { reading: { temperature: -18.5 }, within: 120s }
`;
      const { ok, message } = await play(`${nodeWith(wires)}${steps}`);
      assert.equal(ok, true, message);
    });

  it("fails when the server has another reading", async () => {
    const steps = "steps: [{ expect: { reading: { temperature: 4 }, within: 30s } }]";
    const { ok, message } = await play(`${PROBE}${steps}`);
    assert.equal(ok, false);
    assert.match(message ?? "", /the server has temperature 20/);
  });

  it("says what cannot happen to a sensor, and which sensors there are", async () => {
    const fault = (what: string) => play(`${PROBE}steps: [{ fault: { ${what} } }]`);
    assert.match((await fault("sensor: fridge, mode: clash")).message ?? "", /never `clash`/);
    assert.match((await fault("sensor: frigde, mode: absent")).message ?? "", /there are fridge/);
  });

  it("takes no badges at a node that has no reader", () => {
    const tap = `${PROBE}badges: { a: {} }\nsteps: [{ tap: a }]`;
    assert.throws(() => parseScenario(tap), /sensor node takes no badges/);
  });

  it("names a sensor's setting that is wrong as the firmware does", async () => {
    const wrong = PROBE.replace("receive: 9", "receive: 10");
    await assert.rejects(play(`${wrong}steps: [{ wait: 1s }]`), { code: "config-invalid" });
  });
});
