import { L76xModel } from "../chips/l76x-model.ts";
import { Neo6mModel } from "../chips/neo6m-model.ts";
import { type Mains, Pzem004tModel } from "../chips/pzem-004t-model.ts";
import { PzemLine } from "../chips/pzem-line.ts";
import {
  numberOf,
  put,
  type RigWires,
  type SensorEntry,
  type SensorFaultKind,
  type SimulatedSensor,
} from "./simulated-sensor.ts";

/** Unix seconds at the beginning of every simulated world (host-sim/node/backend.ts). */
const WORLD_BEGIN_UNIX = 1_767_600_000;
/** Where a receiver is unless told: Greenwich. */
const PLACE = Object.freeze({ latitude: 51.4779, longitude: -0.0015, altitude: 46 });
const SATELLITES = 8;

export function gnssPart(wires: RigWires, entry: SensorEntry): SimulatedSensor {
  const { world } = wires;
  const Model = entry.platform === "l76x" ? L76xModel : Neo6mModel;
  const line = wires.serial(entry);
  const options = { world, line, unixAtStart: WORLD_BEGIN_UNIX, place: PLACE };
  const receiver = new Model({ ...options, baud: numberOf(entry, "baud_rate", 9600) });
  const { engine } = receiver;
  return {
    set: (values) => {
      const { lat, lon, altitude, satellites } = values;
      engine.place = {
        latitude: typeof lat === "number" ? lat : engine.place.latitude,
        longitude: typeof lon === "number" ? lon : engine.place.longitude,
        altitude: typeof altitude === "number" ? altitude : engine.place.altitude,
      };
      if (typeof satellites === "number") engine.showSky(satellites);
    },
    fault: (kind) => {
      if (kind !== "absent") return undefined;
      receiver.powerOff();
      return () => receiver.powerOn();
    },
    powerOn: () => {
      receiver.powerOn();
      engine.showSky(SATELLITES);
    },
    powerOff: () => receiver.powerOff(),
  };
}

export function pzemPart(wires: RigWires, entry: SensorEntry): SimulatedSensor {
  const { world } = wires;
  const line = wires.shared(
    `modbus ${numberOf(entry, "transmit")}`,
    () => new PzemLine(world, wires.serial(entry)),
  );
  const asked = numberOf(entry, "address", GENERAL_ADDRESS);
  const own = asked === GENERAL_ADDRESS ? {} : { address: asked };
  const meter = new Pzem004tModel(world, own);
  line.attach(meter);
  return {
    set: (values) => {
      for (const name of ["voltage", "current"] as const satisfies readonly (keyof Mains)[])
        put(values, name, (value) => (meter.mains[name] = value));
    },
    fault: (kind) => pzemFault(kind, wires, line, meter),
    powerOn: () => meter.mainsOn(),
    powerOff: () => meter.mainsOff(),
  };
}

/** To which every meter answers. */
const GENERAL_ADDRESS = 0xf8;

function pzemFault(
  kind: SensorFaultKind,
  { world }: RigWires,
  line: PzemLine,
  meter: Pzem004tModel,
): (() => void) | undefined {
  if (kind === "absent") {
    meter.mainsOff();
    return () => meter.mainsOn();
  }
  if (kind === "crc") {
    line.spoil = (bytes) => bytes.map((byte, at) => (at === 5 ? byte ^ 0x10 : byte));
    return () => {
      line.spoil = (bytes) => bytes;
    };
  }
  if (kind !== "clash") return undefined;
  const twin = new Pzem004tModel(world, { address: meter.address });
  Object.assign(twin.mains, { voltage: 118, current: 3.3 });
  line.attach(twin);
  return () => line.detach(twin);
}
