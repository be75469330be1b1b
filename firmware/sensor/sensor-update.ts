import type { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { Log } from "../../protocol/platform.ts";
import type { Platform } from "../platform.ts";
import { NODE_PROOFS } from "../update/confirmation.ts";
import type { NodeUpdate } from "../update/node-update.ts";
import type { SensorNodeConfig } from "./sensor-config.ts";

export interface SensorUpdateParts {
  readonly platform: Platform;
  readonly config: SensorNodeConfig;
  readonly log: Log;
  readonly identity: IdentityNode;
}

/** The updates of a node without a reader; `undefined` where board or configuration know of none. */
export function sensorUpdate(parts: SensorUpdateParts): NodeUpdate | undefined {
  const { platform, config, log, identity } = parts;
  const board = platform.update;
  if (board === undefined || config.authority === undefined) return undefined;
  return board.start({
    ...{ board, identityId: config.authority, identity, log, proofs: NODE_PROOFS },
    ...{ timer: platform.timer, clock: platform.clock, system: platform.system },
    isIdle: () => true,
    requestTimeoutMs: config.limits.requestTimeoutMs,
  });
}
