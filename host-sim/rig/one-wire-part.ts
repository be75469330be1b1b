import { Ds18b20Model } from "../chips/ds18b20-model.ts";
import { OneWireUartBridge } from "../chips/one-wire-uart.ts";
import { OneWireWire, type OpenDrainWire } from "../chips/one-wire-wire.ts";
import {
  numberOf,
  put,
  type RigWires,
  type SensorEntry,
  type SimulatedSensor,
} from "./simulated-sensor.ts";

export function ds18b20Part(wires: RigWires, entry: SensorEntry): SimulatedSensor {
  const { world } = wires;
  const wire = entry["pin"] === undefined ? behindUart(wires, entry) : onPin(wires, entry);
  const address = entry["address"];
  const serial = typeof address === "string" ? { serial: serialOf(address) } : {};
  const probe = new Ds18b20Model({ world, wire, name: entry.name, ...serial });
  return {
    set: (values) => put(values, "temperature", (value) => (probe.celsius = value)),
    fault: (kind) => {
      switch (kind) {
        case "absent":
          probe.powerOff();
          return () => probe.powerOn();
        case "crc":
          probe.faults.flippedReads = Number.POSITIVE_INFINITY;
          return () => {
            probe.faults.flippedReads = 0;
          };
        case "reset":
          return every(wires, 400_000, () => probe.losePower());
        default:
          return undefined;
      }
    },
    powerOn: () => probe.powerOn(),
    powerOff: () => probe.powerOff(),
  };
}

/** TX through a diode, RX straight. */
function behindUart(wires: RigWires, entry: SensorEntry): OpenDrainWire {
  const { world } = wires;
  return wires.shared(`1-wire ${numberOf(entry, "transmit")}`, () => {
    const line = new OneWireWire(world);
    new OneWireUartBridge(world, wires.serial(entry), line);
    return line;
  });
}

/** The pin is the wire, with the resistor of the bus. */
function onPin({ pins }: RigWires, entry: SensorEntry): OpenDrainWire {
  const pin = pins.pin(numberOf(entry, "pin"));
  pin.untraced = true;
  pin.pull("1-wire", "up");
  return pin;
}

/** `0x…28` to the six bytes between family and CRC, in the order of the line. */
function serialOf(address: string): Uint8Array {
  const bytes = [...address.slice(2).matchAll(/../g)].map(([pair]) => Number.parseInt(pair, 16));
  return Uint8Array.from(bytes.reverse().slice(1, 7));
}

/** Does something again and again, until it is ended. */
function every({ world }: RigWires, periodUs: number, run: () => void): () => void {
  let over = false;
  const again = () => {
    if (over) return;
    run();
    world.after(periodUs, again);
  };
  again();
  return () => {
    over = true;
  };
}
