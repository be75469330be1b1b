import { LatchkeyError } from "../protocol/errors.ts";
import type { Simulator } from "./simulator.ts";

/** The simulator of `host-sim/`, in the shape that the commands use. */
export async function loadSimulator(): Promise<Simulator> {
  throw new LatchkeyError("unavailable", { message: "this build has no simulator" });
}
