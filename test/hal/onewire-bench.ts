import type { OneWirePortConstructor } from "../../hal/one-wire-port.ts";
import { OneWire, type OneWireLine } from "../../hal/sensors/onewire.ts";
import { OneWirePin } from "../../hal/sensors/onewire-pin.ts";
import { OneWireUart } from "../../hal/sensors/onewire-uart.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import type { Pin } from "../../host-sim/board/pins.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { Ds18b20Model, type Ds18b20Options } from "../../host-sim/chips/ds18b20-model.ts";
import { OneWireUartBridge } from "../../host-sim/chips/one-wire-uart.ts";
import { OneWireWire, type OpenDrainWire } from "../../host-sim/chips/one-wire-wire.ts";
import { pinBench } from "./pin-bench.ts";

const TX = 8;
const RX = 9;
export const ONE_WIRE_PIN = 22;

/** A 1-Wire bus with the master of hal/ at one end, whatever makes its pulses. */
export type OneWireBench = ReturnType<typeof busBench>;

function busBench(pinned: ReturnType<typeof pinBench>, wire: OpenDrainWire, line: OneWireLine) {
  const { world } = pinned;
  const probes: Ds18b20Model[] = [];
  return {
    ...pinned,
    wire,
    line,
    bus: new OneWire(line),
    probes,
    /** Data and ground touch, or the pull-up is missing. */
    short: (on: boolean) => wire.drive("short", on ? "low" : "none"),
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

/** Behind a simulated UART. */
export function uartBench(seed = "1-wire") {
  const pinned = pinBench(seed);
  const { world, pins, clock, timer } = pinned;
  const serial = new SerialLine(world);
  const wire = new OneWireWire(world);
  const bridge = new OneWireUartBridge(world, serial, wire);
  const io = boardIo({ pins, buses: [], serials: new Map([[TX, serial]]) });
  const options = { io: io.Serial, transmit: TX, receive: RX };
  const line = new OneWireUart({ serial: options, clock, timer });
  return { ...busBench(pinned, wire, line), serial, bridge };
}

type MakePort = (pinned: ReturnType<typeof pinBench>, pin: Pin) => OneWirePortConstructor;
const simulated: MakePort = ({ pins }) => boardIo({ pins, buses: [] }).OneWirePort!;

/** On a pin, by the simulated board's port unless told. */
export function pinLineBench(seed = "1-wire", make: MakePort = simulated) {
  const pinned = pinBench(seed);
  const { clock, timer } = pinned;
  const pin = pinned.pins.pin(ONE_WIRE_PIN);
  pin.pull("resistor", "up");
  const port = { io: make(pinned, pin), pin: ONE_WIRE_PIN };
  return { ...busBench(pinned, pin, new OneWirePin({ port, clock, timer })), pin, port };
}
