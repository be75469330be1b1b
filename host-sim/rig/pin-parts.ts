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
