import assert from "node:assert/strict";
import { parseScenario } from "../../host-sim/scenario/parse.ts";

describe("a scenario far larger than any needs to be", () => {
  const lines = (one: (n: number) => string, count: number): string =>
    Array.from({ length: count }, (_, n) => one(n)).join("");

  for (const [what, text] of [
    ["with many fields", `${lines((n) => `a${n}: 1\n`, 20_000)}steps: []\n`],
    ["of brackets", "[".repeat(300_000)],
    ["of nested fields", "{a: ".repeat(60_000)],
    ["of dashes", "- ".repeat(120_000)],
    ["of many steps", `steps:\n${lines(() => "  - wait: 1s\n", 20_000)}`],
  ] as const)
    it(`${what} is refused in good time`, () => {
      assert.throws(() => parseScenario(text), { code: "scenario-invalid" });
    }).timeout(60_000);
});
