import { fileURLToPath } from "node:url";
import { DESK_PINS } from "../host-sim/node/desk-reader.ts";
import { DESK_SENSORS, SENSOR_PINS } from "../host-sim/node/desk-sensor.ts";

export const TEMPLATE_KINDS = Object.freeze(["reader", "sensor", "both"] as const);
export type TemplateKind = (typeof TEMPLATE_KINDS)[number];

export interface ProjectFile {
  readonly name: string;
  readonly text: string;
}

/** The command as it is installed here: a project needs nothing else to run its test. */
const LATCHKEY = fileURLToPath(new URL("bin/latchkey.js", import.meta.url));

/** What the configuration of such a node has beside keys and addresses. */
export function templateSettings(kind: TemplateKind): Readonly<Record<string, unknown>> {
  if (kind === "sensor")
    // A key for badges has no place on a node that reads none.
    return { ...SENSOR_PINS, node_type: "sensor", df1: undefined, sensors: DESK_SENSORS };
  return kind === "both" ? { ...DESK_PINS, sensors: DESK_SENSORS } : DESK_PINS;
}

/** What a project of such a node begins with, beside its configuration. */
export function projectFiles(kind: TemplateKind): ProjectFile[] {
  return [
    { name: "scenario.yaml", text: scenario(kind) },
    { name: "scenario.test.mjs", text: TEST },
    { name: "package.json", text: `${JSON.stringify(PACKAGE, undefined, 2)}\n` },
    { name: ".gitignore", text: "latchkey.json\n.latchkey/\n" },
    { name: "README.md", text: readme(kind) },
  ];
}

const PACKAGE = Object.freeze({
  private: true,
  type: "module",
  scripts: {
    test: "node --test",
    sim: `node ${JSON.stringify(LATCHKEY)} sim --headless scenario.yaml --speed 1`,
  },
});

const TEST = `import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const latchkey = ${JSON.stringify(LATCHKEY)};

test("the scenario goes as it says", () => {
  const run = spawnSync(process.execPath, [latchkey, "sim", "--headless", "scenario.yaml"], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});
`;

const TAP = `  - expect: { screen: READY, within: 15s }
  - tap: alice
  - expect: { screen: GRANTED, relay: energised, within: 5s }
  - expect: { reading: { granted: true }, within: 5s }
`;

const BADGES = `badges:
  alice: { kind: good, holder: Alice }
`;

const SENSORS = `sensors:
  room:
    platform: bme280
    data: 2
    clock: 3
    update_interval: 60s
    temperature: { above: 30 }
`;

const MEASURE = `  - set: room
    temperature: 24.3
    humidity: 58.1
    pressure: 1013.2
  - wait: 1m
  - expect: { reading: { temperature: 24.3, humidity: 58.1, pressure: 1013.2 }, within: 3m }
  - set: room
    temperature: 31
  - expect: { reading: { temperature: 31 }, within: 70s }
  - fault: { sensor: room, mode: absent }
    for: 5m
  - expect: { sensor-error: sensor-absent, within: 3m }
`;

function scenario(kind: TemplateKind): string {
  const head = `# What this node does when all goes well, and when it does not.
name: first day
seed: "1"
timeout: 30m
node: ${kind}
`;
  const sensors = kind === "reader" ? "" : SENSORS;
  const badges = kind === "sensor" ? "" : BADGES;
  const steps = `${kind === "sensor" ? "" : TAP}${kind === "reader" ? "" : MEASURE}`;
  return `${head}${sensors}${badges}steps:\n${steps}`;
}

const ABOUT: Readonly<Record<TemplateKind, string>> = Object.freeze({
  reader: "A badge reader",
  sensor: "A sensor node",
  both: "A badge reader that measures as well",
});

function readme(kind: TemplateKind): string {
  return `# ${ABOUT[kind]}

| File | What it is |
| --- | --- |
| \`latchkey.json\` | the node's configuration, with its keys: keep it to yourself |
| \`scenario.yaml\` | what the node is to do, played in virtual time |
| \`scenario.test.mjs\` | plays it and fails when something else happens |

\`\`\`sh
npm test         # plays the scenario
npm run sim      # the same, so that one can watch
\`\`\`

Change a value in \`scenario.yaml\` and see the test fail. \`docs/scenarios.md\` of Latchkey has the
language, \`docs/sensors.md\` the sensors, \`docs/firmware.md\` every field of \`latchkey.json\`.
`;
}
