import type { BusEffect } from "../board/bus-faults.ts";
import type { I2CBus } from "../board/i2c-bus.ts";
import { Bme280Model } from "../chips/bme280-model.ts";
import { Bmp390Model } from "../chips/bmp390-model.ts";
import { Ina219Model } from "../chips/ina219-model.ts";
import type { RegisterChip } from "../chips/register-chip.ts";
import {
  numberOf,
  put,
  type RigWires,
  type SensorEntry,
  type SensorFaultKind,
  type SimulatedSensor,
  type TrueValues,
} from "./simulated-sensor.ts";

const PA_PER_HPA = 100;

export function bme280Part(wires: RigWires, entry: SensorEntry): SimulatedSensor {
  const address = numberOf(entry, "address", 0x76);
  const chip = new Bme280Model({ world: wires.world, address, noise: 3 });
  return i2cPart(wires.i2c(entry), chip, (values) => {
    put(values, "temperature", (value) => (chip.air.temperature = value));
    put(values, "humidity", (value) => (chip.air.humidity = value));
    put(values, "pressure", (value) => (chip.air.pressure = value * PA_PER_HPA));
  });
}

export function bmp390Part(wires: RigWires, entry: SensorEntry): SimulatedSensor {
  const address = numberOf(entry, "address", 0x77);
  const chip = new Bmp390Model({ world: wires.world, address, noise: 3 });
  return i2cPart(wires.i2c(entry), chip, (values) => {
    put(values, "temperature", (value) => (chip.air.temperature = value));
    put(values, "pressure", (value) => (chip.air.pressure = value * PA_PER_HPA));
  });
}

export function ina219Part(wires: RigWires, entry: SensorEntry): SimulatedSensor {
  const shunt = numberOf(entry, "shunt_resistance", 0.1);
  const address = numberOf(entry, "address", 0x40);
  const chip = new Ina219Model({ world: wires.world, address, shunt });
  return i2cPart(wires.i2c(entry), chip, (values) => {
    put(values, "voltage", (value) => (chip.load.voltage = value));
    put(values, "current", (value) => (chip.load.current = value));
  });
}

function i2cPart(
  bus: I2CBus,
  chip: RegisterChip & { stuck: boolean },
  set: (values: TrueValues) => void,
): SimulatedSensor {
  bus.attach(chip);
  const { address } = chip;
  const disturb = (effect: BusEffect, probability: number) =>
    bus.faults.add({ address, times: Number.POSITIVE_INFINITY, probability, effect });
  const fault = (kind: SensorFaultKind) => {
    switch (kind) {
      case "absent":
        chip.powerOff();
        return () => chip.powerOn();
      case "nack":
        return disturb({ kind: "address-nack" }, 0.5);
      case "crc":
        return disturb({ kind: "bit-flip" }, 1);
      case "stuck":
        chip.stuck = true;
        return () => {
          chip.stuck = false;
        };
      default:
        return undefined;
    }
  };
  return { set, fault, powerOn: () => chip.powerOn(), powerOff: () => chip.powerOff() };
}
