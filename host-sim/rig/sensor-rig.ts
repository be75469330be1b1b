import { LatchkeyError } from "../../protocol/errors.ts";
import { I2CBus } from "../board/i2c-bus.ts";
import type { Pins } from "../board/pins.ts";
import { SerialLine } from "../board/serial.ts";
import type { World } from "../world/world.ts";
import { bme280Part, bmp390Part, ina219Part } from "./i2c-parts.ts";
import { ds18b20Part } from "./one-wire-part.ts";
import { dht22Part, doorPart, hcSr501Part } from "./pin-parts.ts";
import {
  numberOf,
  type RigWires,
  type SensorEntry,
  type SensorFaultKind,
  type SimulatedSensor,
  type TrueValues,
} from "./simulated-sensor.ts";
import { gnssPart, pzemPart } from "./uart-parts.ts";

const PARTS: Readonly<Record<string, (wires: RigWires, entry: SensorEntry) => SimulatedSensor>> =
  Object.freeze({
    bme280: bme280Part,
    bmp390: bmp390Part,
    dht22: dht22Part,
    door: doorPart,
    ds18b20: ds18b20Part,
    "hc-sr501": hcSr501Part,
    ina219: ina219Part,
    l76x: gnssPart,
    "neo-6m": gnssPart,
    "pzem-004t": pzemPart,
  });

export interface SensorRigOptions {
  readonly world: World;
  readonly pins: Pins;
  /** The list `sensors` of the node's configuration. A platform without a model has no chip. */
  readonly entries: readonly SensorEntry[];
  /** Buses that the board has already. */
  readonly buses?: readonly I2CBus[];
}

/** The sensors of a simulated node, each the model of its chip, wired as the configuration says. */
export class SensorRig {
  readonly buses: I2CBus[];
  /** Serial lines by the board's transmit pin. */
  readonly serials = new Map<number, SerialLine>();
  readonly #sensors = new Map<string, SimulatedSensor>();

  constructor({ world, pins, entries, buses = [] }: SensorRigOptions) {
    this.buses = [...buses];
    const things = new Map<string, unknown>();
    const wires: RigWires = {
      world,
      pins,
      i2c: (entry) => this.#i2c(world, pins, entry),
      serial: (entry) => this.#serial(world, numberOf(entry, "transmit")),
      shared: <T>(name: string, make: () => T) => {
        if (!things.has(name)) things.set(name, make());
        return things.get(name) as T;
      },
    };
    for (const entry of entries) {
      const part = Object.hasOwn(PARTS, entry.platform) ? PARTS[entry.platform] : undefined;
      if (part !== undefined) this.#sensors.set(entry.name, part(wires, entry));
    }
  }

  get names(): string[] {
    return [...this.#sensors.keys()];
  }

  /** Lets the world around a sensor be so from now on. */
  set(name: string, values: TrueValues): void {
    this.#sensor(name).set(values);
  }

  /** Begins a fault; gives its end. `undefined` for what cannot happen to that sensor. */
  fault(name: string, kind: SensorFaultKind): (() => void) | undefined {
    return this.#sensor(name).fault(kind);
  }

  powerOn(): void {
    for (const sensor of this.#sensors.values()) sensor.powerOn();
  }

  powerOff(): void {
    for (const sensor of this.#sensors.values()) sensor.powerOff();
  }

  #sensor(name: string): SimulatedSensor {
    const sensor = this.#sensors.get(name);
    if (sensor === undefined)
      throw new LatchkeyError("scenario-invalid", {
        message: `No simulated sensor is called ${name}; there are ${this.names.join(", ")}.`,
      });
    return sensor;
  }

  #i2c(world: World, pins: Pins, entry: SensorEntry): I2CBus {
    const [data, clock] = [numberOf(entry, "data"), numberOf(entry, "clock")];
    const known = this.buses.find((bus) => bus.data === data && bus.clock === clock);
    if (known !== undefined) return known;
    const bus = new I2CBus({ world, pins, data, clock, name: `i2c ${data}` });
    this.buses.push(bus);
    return bus;
  }

  #serial(world: World, transmit: number): SerialLine {
    let line = this.serials.get(transmit);
    if (line === undefined) {
      line = new SerialLine(world);
      this.serials.set(transmit, line);
    }
    return line;
  }
}
