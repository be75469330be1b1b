import type { SensorEntry, SensorFaultKind, TrueValues } from "../rig/simulated-sensor.ts";

/** What a scenario says, once parsed. Times are virtual microseconds. See docs/scenarios.md. */

/** How a badge of the scenario comes into being. */
export type BadgeKind =
  /** Enrolled at this tenant, entitled here. */
  | "good"
  /** Enrolled here, then revoked. */
  | "revoked"
  /** Enrolled here, but not entitled at this reader. */
  | "not-entitled"
  /** Made for this tenant, never registered at the server. */
  | "unregistered"
  /** Enrolled at another tenant of the same server. */
  | "other-tenant"
  /** An HS badge that was issued for another reader. */
  | "other-reader"
  /** The NDEF file of another badge, copied onto a chip of its own UID. */
  | "clone"
  /** The NDEF file and the UID of another badge, on an emulator: every answer frozen. */
  | "emulator"
  /** A factory-fresh NTAG 424 DNA. */
  | "blank"
  /** A genuine enrolled chip that answers at the limit of its frame waiting time. */
  | "slow";

export interface ScenarioBadge {
  readonly kind: BadgeKind;
  readonly mode: "STD" | "HS";
  /** `open` when absent. */
  readonly profile?: "open" | "sealed";
  readonly holder: string;
  /** For `clone` and `emulator`: whose badge was copied. */
  readonly of?: string;
}

/** How a visitor of the scenario was invited. */
export const VISITOR_KINDS = Object.freeze([
  "invited",
  "called-off",
  "on-hold",
  "elsewhere",
  "tomorrow",
  "copy",
] as const);

export interface ScenarioVisitor {
  readonly kind: (typeof VISITOR_KINDS)[number];
  /** For `copy`: whose credential it is. */
  readonly of?: string;
}

export const NODE_KINDS = Object.freeze(["reader", "sensor", "both"] as const);
export type NodeKind = (typeof NODE_KINDS)[number];

/** Rules for the zone behind the reader, each in the form of the server's endpoint for it. */
export interface ScenarioRules {
  readonly site?: Readonly<Record<string, unknown>>;
  readonly zone?: Readonly<Record<string, unknown>>;
  readonly schedule?: Readonly<Record<string, unknown>>;
  readonly calendar?: Readonly<Record<string, unknown>>;
}

export interface Expectation {
  /** Text that the panel's pixels show. */
  readonly screen?: string;
  readonly notScreen?: string;
  /** State of the reader's machine. */
  readonly state?: string;
  readonly relay?: "energised" | "released";
  /** `granted`, or the code of the refusal, of the last decision since the last tap. */
  readonly decision?: string;
  /** What the server said to the last visitor who scanned: `accepted`, `no-code`, or a code. */
  readonly visit?: string;
  /** Text that came over the serial console since the last `serial` step. */
  readonly serial?: string;
  /** How often the relay was energised since the world began. */
  readonly pulses?: number;
  /** By the wire's name: what the server was told last. */
  readonly reading?: Readonly<Record<string, number | boolean>>;
  /** Code of a sensor's failure that the server was told since the world began. */
  readonly sensorError?: string;
  /** Kind of an alarm that the server raised since the world began. */
  readonly alarm?: string;
  /** Virtual time within which all of it must become true. */
  readonly withinUs: number;
}

/** What a network can do to requests; `down` takes the access point away. */
export const NETWORK_MODES = Object.freeze([
  "down",
  "dns",
  "portal",
  "half-open",
  "drop",
  "duplicate",
  "corrupt",
  "truncate",
  "reset",
] as const);

/** Faults of one part; several may hold at once. */
export interface NetworkTrouble {
  readonly part: "network";
  readonly mode: (typeof NETWORK_MODES)[number];
  /** Per request; `down` ignores it. */
  readonly probability: number;
}
/** Every answer comes this much later. */
export interface DelayFault {
  readonly part: "delay";
  readonly delayUs: number;
}
export interface I2cFault {
  readonly part: "i2c";
  readonly mode: "nack" | "flip" | "stretch" | "stuck";
  readonly probability: number;
}
export interface Pn532Fault {
  readonly part: "pn532";
  readonly mode: "wedge" | "unplug";
}
export interface ServerFault {
  readonly part: "server";
  readonly mode: "down" | "rogue" | "error";
}
export interface SensorTrouble {
  readonly part: "sensor";
  readonly sensor: string;
  readonly mode: SensorFaultKind;
}
export type Fault =
  | NetworkTrouble
  | DelayFault
  | I2cFault
  | Pn532Fault
  | ServerFault
  | SensorTrouble;

export type Step =
  | {
      readonly do: "tap";
      readonly badge: string;
      readonly holdUs: number;
      readonly cutByte?: number;
    }
  | { readonly do: "enter"; readonly badge: string }
  /** A visitor answers the code on the display. */
  | { readonly do: "scan"; readonly visitor: string }
  | { readonly do: "leave"; readonly badge: string }
  | { readonly do: "wait"; readonly durationUs: number }
  | { readonly do: "expect"; readonly expect: Expectation }
  | { readonly do: "fault"; readonly fault: Fault; readonly forUs?: number }
  | { readonly do: "clear-faults" }
  | { readonly do: "power"; readonly mode: "off" | "on" | "cycle" }
  /** The world around a sensor is so from now on. */
  | { readonly do: "set"; readonly sensor: string; readonly values: TrueValues }
  /** A manager forgives the badge's person a violation of anti-passback. */
  | { readonly do: "forgive"; readonly badge: string }
  | { readonly do: "serial"; readonly line: string }
  | { readonly do: "server"; readonly mode: "restart" }
  | { readonly do: "screenshot"; readonly path: string };

export interface LocatedStep {
  readonly line: number;
  readonly step: Step;
}

export interface Scenario {
  readonly name: string;
  readonly seed: string;
  /** Virtual time after which the scenario has failed. */
  readonly timeoutUs: number;
  readonly networkJoinUs: number;
  readonly latencyUs: number;
  readonly node: NodeKind;
  /** Fields that replace those of the simulator's default configuration of such a node. */
  readonly reader: Readonly<Record<string, unknown>>;
  /** Entries of the configuration's `sensors`; the simulator's own when absent. */
  readonly sensors: readonly SensorEntry[] | undefined;
  /** Without any, badges go by their scope alone. */
  readonly rules?: ScenarioRules | undefined;
  readonly badges: Readonly<Record<string, ScenarioBadge>>;
  readonly visitors: Readonly<Record<string, ScenarioVisitor>>;
  readonly steps: readonly LocatedStep[];
}
