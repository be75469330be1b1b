import type { Simulator } from "./simulator.ts";

/** The simulator of `host-sim/`, loaded when a command needs it: the others start faster so. */
export async function loadSimulator(): Promise<Simulator> {
  const [{ parseScenario }, { runScenario }, { Desk }] = await Promise.all([
    import("../host-sim/scenario/parse.ts"),
    import("../host-sim/node/run-scenario.ts"),
    import("../host-sim/node/desk.ts"),
  ]);
  return { parseScenario, runScenario, startDesk: (options) => Desk.start(options) };
}
