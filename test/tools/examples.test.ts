import assert from "node:assert/strict";
import { parseScenario } from "../../host-sim/scenario/parse.ts";
import { projectFiles, readText } from "../house/source.ts";

describe("the examples", () => {
  const scenarios = projectFiles().filter((file) => /^examples\/.*\.yaml$/.test(file));

  it("include the first tap, which the command line plays by default", () => {
    assert.ok(scenarios.includes("examples/first-tap.yaml"));
  });

  for (const file of scenarios) {
    it(`${file} is a scenario that expects something`, () => {
      const { steps } = parseScenario(readText(file));
      assert.ok(steps.some(({ step }) => step.do === "expect"));
    });
  }
});
