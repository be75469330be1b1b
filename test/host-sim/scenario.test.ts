import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDurationUs } from "../../host-sim/scenario/duration.ts";
import { parseScenario } from "../../host-sim/scenario/parse.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";

const GOOD = `name: front door
seed: 7
timeout: 2m
network-join: 900ms
badges:
  alice: { kind: good, mode: HS, holder: Alice }
  eve: { kind: clone, of: alice }
steps:
  - expect: { screen: READY, within: 10s }
  - tap: alice
    for: 800ms
    cut-byte: 40
  - fault: { network: drop, probability: 0.5 }
    for: 3s
  - fault: { delay: 200ms }
  - power: cycle
  - serial: status --json
  - expect: { relay: released, pulses: 0, decision: badge-moved }
`;

function problemOf(text: string): string {
  try {
    parseScenario(text);
  } catch (error) {
    assert.ok(isLatchkeyError(error, "scenario-invalid"), String(error));
    return error.message;
  }
  return "none";
}

describe("scenario", () => {
  it("takes sealed badges, and no other profile than the two", () => {
    const sealed = GOOD.replace("mode: HS,", "mode: HS, profile: sealed,");
    assert.equal(parseScenario(sealed).badges["alice"]?.profile, "sealed");
    assert.equal(parseScenario(GOOD).badges["alice"]?.profile, undefined);
    assert.match(problemOf(sealed.replace("sealed", "closed")), /profile/);
  });

  it("gives typed steps with their lines", () => {
    const scenario = parseScenario(GOOD);
    assert.equal(scenario.seed, "7");
    assert.equal(scenario.timeoutUs, 120_000_000);
    assert.deepEqual(scenario.badges["eve"], {
      kind: "clone",
      mode: "STD",
      holder: "eve",
      of: "alice",
    });
    assert.deepEqual(scenario.steps[1], {
      line: 10,
      step: { do: "tap", badge: "alice", holdUs: 800_000, cutByte: 40 },
    });
    assert.deepEqual(scenario.steps[2]!.step, {
      do: "fault",
      fault: { part: "network", mode: "drop", probability: 0.5 },
      forUs: 3_000_000,
    });
  });

  const mistakes: readonly (readonly [string, RegExp])[] = [
    ["steps:\n  - tapp: alice\n", /line 2.*no such step/],
    ["steps:\n  - tap: bob\n", /line 2.*no badge named `bob`/],
    ["steps:\n  - tap: alice\n    fro: 1s\n", /line 3.*unknown field `fro`/],
    ["steps:\n  - wait: 3\n", /line 2.*not a duration/],
    ["steps:\n  - expect: { within: 3s }\n", /line 2.*expects nothing/],
    ["steps:\n  - fault: { network: gone }\n", /line 2.*must be one of down, dns/],
    ["stepz: []\n", /steps.*must be a list/],
    ["badges:\n  eve: { kind: clone, of: bob }\nsteps: []\n", /copies `bob`/],
    ["- a\n", /line 1: a scenario is a mapping/],
    ["a: [\n", /line 2/],
    ["a: &x 1\nb: *x\nsteps: []\n", /line|alias/i],
    ["reader:\n  a: &x 1\n  b: *x\nsteps: []\n", /line 3: aliases/],
    ["steps:\n  - tap: alice\n    tap: alice\n", /line 3.*twice/],
    ["steps:\n  - toString: 1\n", /line 2.*no such step/],
    ["steps:\n  - hasOwnProperty: 1\n", /line 2.*no such step/],
    ["steps:\n  - tap: constructor\n", /line 2.*no badge named `constructor`/],
    ["badges:\n  a: { kind: clone, of: toString }\nsteps: []\n", /copies `toString`/],
    ["steps:\n  - { screenshot: /etc/motd.png }\n", /line 2.*below this folder/],
    ["steps:\n  - { screenshot: a/../../b.png }\n", /line 2.*below this folder/],
    ['steps:\n  - { screenshot: "..\\\\b.png" }\n', /line 2.*below this folder/],
    ["steps:\n  - { screenshot: .bashrc }\n", /line 2.*below this folder/],
    ['steps: []\n"\\e[2J": 1\n', /line 2: no control characters/],
    ['name: "\\x9b2J"\nsteps: []\n', /line 1: no control characters/],
  ];
  for (const [text, words] of mistakes) {
    it(`names the mistake in ${JSON.stringify(text)}`, () => {
      assert.match(problemOf(text), words);
    });
  }

  it("says nothing that a terminal obeys", () => {
    for (const [text] of mistakes)
      for (const char of problemOf(text))
        assert.ok(char >= " " && !(char >= "\x7f" && char < "\xa0"));
  });

  it("takes a badge with the name of something that every object has", () => {
    const PROTO = "__proto__";
    const text = `badges: { ${PROTO}: { kind: revoked } }\nsteps: [{ tap: ${PROTO} }]\n`;
    assert.equal(parseScenario(text).badges[PROTO]?.kind, "revoked");
  });

  it("takes a picture in a folder below", () => {
    const { steps } = parseScenario("steps: [{ screenshot: out/oled 1.png }]\n");
    assert.deepEqual(steps[0]?.step, { do: "screenshot", path: "out/oled 1.png" });
  });

  it("answers any text with a scenario or a typed error", () => {
    const lines = GOOD.split("\n");
    const mutated = fc
      .tuple(fc.nat(lines.length - 1), fc.string({ maxLength: 30 }))
      .map(([at, text]) => lines.map((line, n) => (n === at ? text : line)).join("\n"));
    const cut = fc.nat(GOOD.length).map((at) => GOOD.slice(0, at));
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 300 }), mutated, cut), (text) => {
        problemOf(text);
      }),
      { numRuns: 150 },
    );
  });

  it("takes durations with a unit only", () => {
    assert.equal(parseDurationUs("1.5s", "x"), 1_500_000);
    assert.equal(parseDurationUs("250us", "x"), 250);
    for (const wrong of ["5", "", "s", "-1s", "1 s", "1e3s", "9999999d", 5, null, {}])
      assert.throws(() => parseDurationUs(wrong, "x"), { code: "scenario-invalid" });
  });
});
