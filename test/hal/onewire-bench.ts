import { OneWire } from "../../hal/sensors/onewire.ts";
import { OneWireUart } from "../../hal/sensors/onewire-uart.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { Ds18b20Model, type Ds18b20Options } from "../../host-sim/chips/ds18b20-model.ts";
import { OneWireUartBridge } from "../../host-sim/chips/one-wire-uart.ts";
import { OneWireWire } from "../../host-sim/chips/one-wire-wire.ts";
import { pinBench } from "./pin-bench.ts";

const TX = 8;
const RX = 9;

/** A 1-Wire bus behind a simulated UART, with the master of hal/ at one end. */
export function oneWireBench(seed = "1-wire") {
  const pinned = pinBench(seed);
  const { world, pins, clock, timer } = pinned;
  const serial = new SerialLine(world);
  const wire = new OneWireWire(world);
  const bridge = new OneWireUartBridge(world, serial, wire);
  const io = boardIo({ pins, buses: [], serials: new Map([[TX, serial]]) });
  const line = new OneWireUart({
    serial: { io: io.Serial, transmit: TX, receive: RX },
    clock,
    timer,
  });
  const probes: Ds18b20Model[] = [];
  return {
    ...pinned,
    serial,
    wire,
    bridge,
    line,
    bus: new OneWire(line),
    probes,
    /** Fixes one more probe to the bus. Returns when its presence pulse is over. */
    probe(options: Partial<Ds18b20Options> = {}): Ds18b20Model {
      const name = `probe ${probes.length}`;
      const model = new Ds18b20Model({ world, wire, name, ...options });
      probes.push(model);
      model.powerOn();
      world.advance(5_000);
      return model;
    },
  };
}
