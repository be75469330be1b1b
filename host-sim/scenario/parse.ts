import { SENSOR_FAULTS, type SensorEntry } from "../rig/simulated-sensor.ts";
import {
  type BadgeKind,
  type Expectation,
  type Fault,
  type LocatedStep,
  NETWORK_MODES,
  NODE_KINDS,
  type NodeKind,
  type Scenario,
  type ScenarioBadge,
  type ScenarioRules,
  type ScenarioVisitor,
  type Step,
  VISITOR_KINDS,
} from "./scenario.ts";
import { YamlReader } from "./yaml-reader.ts";

const KINDS: readonly BadgeKind[] = [
  "good",
  "revoked",
  "not-entitled",
  "unregistered",
  "other-tenant",
  "other-reader",
  "clone",
  "emulator",
  "blank",
  "slow",
];
const DEFAULT_HOLD_US = 1_500_000;
const DEFAULT_WITHIN_US = 5_000_000;
const MAX_STEPS = 10_000;

/**
 * A scenario from YAML text.
 * @throws scenario-invalid, with the line and the field
 */
export function parseScenario(text: string): Scenario {
  const top = YamlReader.parse(text);
  const badges = parseBadges(top);
  const visitors = parseVisitors(top);
  const node = top.oneOf("node", NODE_KINDS, "reader");
  const sensors = parseSensors(top);
  const steps = top.maps("steps");
  if (steps.length > MAX_STEPS) top.fail("steps", `more than ${MAX_STEPS} steps`);
  const scenario = {
    name: top.string("name", "unnamed"),
    seed: top.string("seed", "1"),
    timeoutUs: top.durationUs("timeout", 600_000_000),
    networkJoinUs: top.durationUs("network-join", 1_200_000),
    latencyUs: top.durationUs("latency", 20_000),
    node,
    reader: top.map("reader", true)?.plain() ?? {},
    sensors,
    rules: parseRules(top),
    badges,
    visitors,
    steps: steps.map((reader) => parseStep(reader, { badges, visitors }, node)),
  };
  top.end();
  return scenario;
}

function parseBadges(top: YamlReader): Record<string, ScenarioBadge> {
  // Without a prototype: `constructor` is no badge unless the scenario has one of that name.
  const badges: Record<string, ScenarioBadge> = Object.create(null);
  const section = top.map("badges", true);
  if (section === undefined) {
    badges["alice"] = { kind: "good", mode: "STD", holder: "Alice" };
    return badges;
  }
  for (const name of section.keys()) {
    const badge = section.map(name)!;
    const kind = badge.oneOf("kind", KINDS, "good");
    const copies = kind === "clone" || kind === "emulator";
    badges[name] = {
      kind,
      mode: badge.oneOf("mode", ["STD", "HS"], kind === "other-reader" ? "HS" : "STD"),
      ...(badge.has("profile") ? { profile: badge.oneOf("profile", ["open", "sealed"]) } : {}),
      holder: badge.string("holder", name),
      ...(copies ? { of: badge.string("of") } : {}),
    };
    badge.end();
  }
  for (const [name, badge] of Object.entries(badges)) {
    if (badge.of !== undefined && badges[badge.of] === undefined)
      section.fail(name, `copies \`${badge.of}\`, which is not among the badges`);
  }
  return badges;
}

function parseVisitors(top: YamlReader): Record<string, ScenarioVisitor> {
  const visitors: Record<string, ScenarioVisitor> = Object.create(null);
  const section = top.map("visitors", true);
  if (section === undefined) return visitors;
  for (const name of section.keys()) {
    const visitor = section.map(name)!;
    const kind = visitor.oneOf("kind", VISITOR_KINDS, "invited");
    visitors[name] = kind === "copy" ? { kind, of: visitor.string("of") } : { kind };
    visitor.end();
  }
  for (const [name, { of }] of Object.entries(visitors))
    if (of !== undefined && (visitors[of] === undefined || visitors[of].of !== undefined))
      section.fail(name, `copies \`${of}\`, which is no visitor with an invitation`);
  return visitors;
}

/** By name, each as the node's configuration has it. */
function parseSensors(top: YamlReader): readonly SensorEntry[] | undefined {
  const section = top.map("sensors", true);
  return section?.keys().map((name) => {
    const sensor = section.map(name)!;
    const platform = sensor.string("platform");
    return { ...sensor.plain(), platform, name };
  });
}

const RULE_KINDS = ["site", "zone", "schedule", "calendar"] as const;

/** As they are: the server's parser has the last word. */
function parseRules(top: YamlReader): ScenarioRules | undefined {
  const section = top.map("rules", true);
  if (section === undefined) return undefined;
  const given = RULE_KINDS.filter((kind) => section.has(kind));
  const rules = given.map((kind) => [kind, section.map(kind)!.plain()] as const);
  section.end();
  return Object.fromEntries(rules);
}

const BADGE_STEPS: readonly string[] = ["tap", "enter", "leave", "forgive", "scan"];

function parseStep(
  reader: YamlReader,
  people: {
    readonly badges: Record<string, ScenarioBadge>;
    readonly visitors: Record<string, ScenarioVisitor>;
  },
  node: NodeKind,
): LocatedStep {
  const line = reader.line;
  const verb = reader.keys()[0] ?? "";
  const step = Object.hasOwn(STEPS, verb) ? STEPS[verb]?.(reader) : undefined;
  if (step === undefined)
    return reader.fail(verb, `no such step; there are ${Object.keys(STEPS).join(", ")}`);
  if (node === "sensor" && BADGE_STEPS.includes(verb))
    reader.fail(verb, "a sensor node takes no badges: say `node: both`");
  if ("badge" in step && people.badges[step.badge] === undefined)
    reader.fail(verb, `no badge named \`${step.badge}\``);
  if ("visitor" in step && people.visitors[step.visitor] === undefined)
    reader.fail(verb, `no visitor named \`${step.visitor}\``);
  reader.end();
  return { line, step };
}

const STEPS: Readonly<Record<string, (reader: YamlReader) => Step>> = Object.freeze({
  tap: (r: YamlReader): Step => ({
    do: "tap",
    badge: r.string("tap"),
    holdUs: r.durationUs("for", DEFAULT_HOLD_US),
    ...(r.has("cut-byte") ? { cutByte: r.number("cut-byte", 0, 4096) } : {}),
  }),
  enter: (r: YamlReader): Step => ({ do: "enter", badge: r.string("enter") }),
  leave: (r: YamlReader): Step => ({ do: "leave", badge: r.string("leave") }),
  scan: (r: YamlReader): Step => ({ do: "scan", visitor: r.string("scan") }),
  wait: (r: YamlReader): Step => ({ do: "wait", durationUs: r.durationUs("wait") }),
  expect: (r: YamlReader): Step => ({ do: "expect", expect: parseExpectation(r.map("expect")!) }),
  fault: (r: YamlReader): Step => ({
    do: "fault",
    fault: parseFault(r.map("fault")!),
    ...(r.has("for") ? { forUs: r.durationUs("for") } : {}),
  }),
  "clear-faults": (r: YamlReader): Step => {
    r.oneOf("clear-faults", ["true", "all"]);
    return { do: "clear-faults" };
  },
  power: (r: YamlReader): Step => ({
    do: "power",
    mode: r.oneOf("power", ["off", "on", "cycle"]),
  }),
  set: (r: YamlReader): Step => ({
    do: "set",
    sensor: r.string("set"),
    values: valuesOf(r, "set"),
  }),
  forgive: (r: YamlReader): Step => ({ do: "forgive", badge: r.string("forgive") }),
  serial: (r: YamlReader): Step => ({ do: "serial", line: r.string("serial") }),
  server: (r: YamlReader): Step => ({ do: "server", mode: r.oneOf("server", ["restart"]) }),
  screenshot: (r: YamlReader): Step => ({ do: "screenshot", path: picturePath(r) }),
});

/** All other fields: numbers, true and false. */
function valuesOf(r: YamlReader, ...others: readonly string[]): Record<string, number | boolean> {
  const names = r.keys().filter((name) => !others.includes(name));
  if (names.length === 0) r.fail(others[0] ?? "", "no value is given");
  return Object.fromEntries(names.map((name) => [name, r.value(name)]));
}

/** A scenario may come from anybody: its pictures go below the folder in which it is played. */
function picturePath(r: YamlReader): string {
  const path = r.string("screenshot");
  const parts = path.split("/");
  const below = parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (below && /^[^\\:]+\.png$/.test(path)) return path;
  return r.fail("screenshot", "must name a .png file below this folder");
}

function parseExpectation(r: YamlReader): Expectation {
  const optional = (field: string) => (r.has(field) ? r.string(field) : undefined);
  const screen = optional("screen");
  const notScreen = optional("not-screen");
  const state = optional("state");
  const decision = optional("decision");
  const serial = optional("serial");
  const visit = optional("visit");
  const relay = r.has("relay") ? r.oneOf("relay", ["energised", "released"]) : undefined;
  const pulses = r.has("pulses") ? r.number("pulses", 0, 1e6) : undefined;
  const expected = r.map("reading", true);
  const reading = expected === undefined ? undefined : valuesOf(expected);
  const sensorError = optional("sensor-error");
  const alarm = optional("alarm");
  const withinUs = r.durationUs("within", DEFAULT_WITHIN_US);
  r.end();
  const atReader = { screen, notScreen, state, decision, visit, serial, relay, pulses };
  const given = { ...atReader, reading, sensorError, alarm };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  if (present.length === 0) r.fail("within", "expects nothing");
  return { ...Object.fromEntries(present), withinUs };
}

function parseFault(r: YamlReader): Fault {
  const part = r.keys()[0] ?? "";
  const probability = () => r.number("probability", 0, 1, 1);
  const fault = ((): Fault => {
    switch (part) {
      case "network":
        return {
          part,
          mode: r.oneOf(part, NETWORK_MODES),
          probability: probability(),
        };
      case "delay":
        return { part, delayUs: r.durationUs(part) };
      case "i2c":
        return {
          part,
          mode: r.oneOf(part, ["nack", "flip", "stretch", "stuck"]),
          probability: probability(),
        };
      case "pn532":
        return { part, mode: r.oneOf(part, ["wedge", "unplug"]) };
      case "server":
        return { part, mode: r.oneOf(part, ["down", "rogue", "error"]) };
      case "sensor":
        return { part, sensor: r.string(part), mode: r.oneOf("mode", SENSOR_FAULTS) };
      default:
        return r.fail(part, "no such fault; there are network, delay, i2c, pn532, server, sensor");
    }
  })();
  r.end();
  return fault;
}
