import { Dht22Model } from "../chips/dht22-model.ts";
import { HcSr501Model } from "../chips/hc-sr501-model.ts";
import {
  numberOf,
  put,
  type RigWires,
  type SensorEntry,
  type SimulatedSensor,
} from "./simulated-sensor.ts";

export function dht22Part({ world, pins }: RigWires, entry: SensorEntry): SimulatedSensor {
  const wire = pins.pin(numberOf(entry, "pin"));
  const chip = new Dht22Model({ world, wire, name: entry.name });
  return {
    set: (values) => {
      put(values, "temperature", (value) => (chip.celsius = value));
      put(values, "humidity", (value) => (chip.humidity = value));
    },
    fault: (kind) => {
      if (kind === "absent") {
        chip.faults.silent = true;
        return () => {
          chip.faults.silent = false;
        };
      }
      if (kind !== "crc") return undefined;
      chip.faults.wrongSums = Number.POSITIVE_INFINITY;
      return () => {
        chip.faults.wrongSums = 0;
      };
    },
    powerOn: () => chip.powerOn(),
    powerOff: () => chip.powerOff(),
  };
}

export function hcSr501Part({ world, pins }: RigWires, entry: SensorEntry): SimulatedSensor {
  const pin = pins.pin(numberOf(entry, "pin"));
  const chip = new HcSr501Model({ world, pin, name: entry.name });
  return {
    set: ({ motion }) => {
      if (motion === true) chip.move();
    },
    fault: (kind) => {
      if (kind !== "stuck") return undefined;
      chip.jam();
      return () => chip.free();
    },
    powerOn: () => chip.powerOn(),
    powerOff: () => chip.powerOff(),
  };
}

/** A reed contact to ground, and a button to ground; the board pulls both up. */
export function doorPart({ pins }: RigWires, entry: SensorEntry): SimulatedSensor {
  const contact = pins.pin(numberOf(entry, "contact"));
  const button = entry["button"] === undefined ? undefined : pins.pin(numberOf(entry, "button"));
  const opensContact = entry["open_when"] !== "low";
  let cut = false;
  let isOpen = false;
  const show = (): void => {
    const closed = !cut && isOpen !== opensContact;
    contact.drive(entry.name, closed ? "low" : "none");
  };
  show();
  return {
    set: ({ open, exit }) => {
      if (typeof open === "boolean") isOpen = open;
      if (typeof exit === "boolean") button?.drive(entry.name, exit ? "low" : "none");
      show();
    },
    fault: (kind) => {
      if (kind !== "absent") return undefined;
      cut = true;
      show();
      return () => {
        cut = false;
        show();
      };
    },
    // A switch has no supply.
    powerOn: () => undefined,
    powerOff: () => undefined,
  };
}
