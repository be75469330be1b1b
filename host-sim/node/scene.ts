import { LatchkeyError } from "../../protocol/errors.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { DESK_SENSORS } from "./desk-sensor.ts";
import { SensorSimulation } from "./sensor-simulation.ts";
import { Simulation } from "./simulation.ts";

/** A node of either kind, its server and its world. */
export type Scene = Simulation | SensorSimulation;

/** The world of a scenario, before anything happens. @throws config-invalid */
export function createScene(scenario: Scenario, seed: string): Promise<Scene> {
  const { networkJoinUs, latencyUs, badges, visitors, node, reader } = scenario;
  const { sensors = DESK_SENSORS } = scenario;
  const world = { seed, networkJoinUs, latencyUs };
  const changes = node === "reader" ? reader : { ...reader, sensors };
  return node === "sensor"
    ? SensorSimulation.create({ ...world, node: changes })
    : Simulation.create({ ...world, reader: changes, badges, visitors });
}

/** The reader in it. The parser keeps what needs one away from a node that is none. */
export function readerOf(scene: Scene): Simulation {
  if (scene instanceof Simulation) return scene;
  throw new LatchkeyError("scenario-invalid", { message: "A sensor node has no reader." });
}
