import type { I2CBus } from "../board/i2c-bus.ts";
import type { Pins } from "../board/pins.ts";
import type { SerialLine } from "../board/serial.ts";
import type { World } from "../world/world.ts";

/** What the world around a sensor is, by the wire's names and units. */
export type TrueValues = Readonly<Record<string, number | boolean>>;

/**
 * What can be wrong with a sensor:
 * - `absent`: it is unplugged;
 * - `nack`: it misses its address now and then (every second transfer);
 * - `stuck`: it measures what it measured last, whatever happens;
 * - `crc`: what it says arrives damaged;
 * - `reset`: it loses its supply for a moment in every measurement;
 * - `clash`: another device of its kind has the same address.
 */
export const SENSOR_FAULTS = Object.freeze([
  "absent",
  "nack",
  "stuck",
  "crc",
  "reset",
  "clash",
] as const);
export type SensorFaultKind = (typeof SENSOR_FAULTS)[number];

/** A chip on the board, or at the end of a cable. */
export interface SimulatedSensor {
  /** Lets the world be so from now on. */
  set(values: TrueValues): void;
  /** Begins a fault and gives its end; `undefined` for what cannot happen to this part. */
  fault(kind: SensorFaultKind): (() => void) | undefined;
  powerOn(): void;
  powerOff(): void;
}

/** One sensor of the node's configuration, as the rig reads it: pins, address, name. */
export type SensorEntry = Readonly<Record<string, unknown>> & {
  readonly platform: string;
  readonly name: string;
};

/** What a sensor is wired to. */
export interface RigWires {
  readonly world: World;
  readonly pins: Pins;
  /** The bus on these pins; made for the first who asks. */
  i2c(entry: SensorEntry): I2CBus;
  /** The line behind these pins. */
  serial(entry: SensorEntry): SerialLine;
  /** Something that several sensors hang on, made once. */
  shared<T>(name: string, make: () => T): T;
}

export function numberOf(entry: SensorEntry, field: string, fallback?: number): number {
  const value = entry[field] ?? fallback;
  if (typeof value !== "number") throw new RangeError(`${entry.name}: no ${field}`);
  return value;
}

/** The number of that name, for a model that has a field for it. */
export function put(values: TrueValues, name: string, take: (value: number) => void): void {
  const value = values[name];
  if (typeof value === "number") take(value);
}
