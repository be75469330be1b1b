import { Desk } from "../host-sim/node/desk.ts";
import { runScenario } from "../host-sim/node/run-scenario.ts";
import { parseScenario } from "../host-sim/scenario/parse.ts";
import type { Simulator } from "./simulator.ts";

/** The simulator of `host-sim/`, in the shape that the commands use. */
export const simulator: Simulator = {
  parseScenario,
  runScenario,
  startDesk: (options) => Desk.start(options),
};
