import { LatchkeyError } from "../../../protocol/errors.ts";
import type { Network } from "../../platform.ts";

/** For a board without a network, or a configuration without `wifi`: it says so, every time. */
export function noNetwork(why: string): Network {
  const refuse = async (): Promise<never> => {
    throw new LatchkeyError("network-down", { message: why });
  };
  return Object.freeze({ join: refuse, request: refuse, status: () => ({ up: false }) });
}
