import assert from "node:assert/strict";
import { runScenario } from "../../host-sim/node/run-scenario.ts";
import { parseScenario } from "../../host-sim/scenario/parse.ts";
import { readText } from "../house/source.ts";

async function play(text: string) {
  const options = { expectText: [], failText: [], speed: Number.POSITIVE_INFINITY };
  const { signal } = new AbortController();
  for await (const event of runScenario(parseScenario(text), { ...options, signal }))
    if (event.type === "result") return event;
  throw new Error("no result");
}

const SCENARIO = readText("examples/rules-of-the-house.yaml");

describe("the rules of a house, from the badge to the alarm", () => {
  it("go as examples/rules-of-the-house.yaml says, the same way each time", async () => {
    const first = await play(SCENARIO);
    assert.ok(first.ok, first.message);
    assert.equal((await play(SCENARIO)).traceHash, first.traceHash);
  }).timeout(60_000);

  it("are what the doors go by: without them the same story ends otherwise", async () => {
    const without = SCENARIO.replace(/ {2}zone:\n.*\n/, "");
    const { ok, message } = await play(without);
    assert.ok(!ok && /passback/.test(message ?? ""), message);
  });

  it("are refused where the server does not take them, and where nobody knows the word", async () => {
    const moon = SCENARIO.replace("Europe/Berlin }", "Moon/Tranquility }");
    await assert.rejects(play(moon), { code: "scenario-invalid" });
    const typo = SCENARIO.replace("  schedule:", "  shedule:");
    assert.throws(() => parseScenario(typo), { code: "scenario-invalid" });
    const nobody = SCENARIO.replace("forgive: alice", "forgive: eve");
    assert.throws(() => parseScenario(nobody), { code: "scenario-invalid" });
  });
});
