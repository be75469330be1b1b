import { fromUtf8 } from "../protocol/encoding/utf8.ts";
import type { IdentityListener } from "../protocol/node/identity-events.ts";
import { IdentityNode } from "../protocol/node/identity-node.ts";
import type { Log, Storage } from "../protocol/platform.ts";
import type { NodeConfig, NodeLimits } from "./node-config.ts";
import type { Platform } from "./platform.ts";

export interface NodeIdentityParts {
  readonly platform: Platform;
  readonly config: NodeConfig & { readonly nodeType: string; readonly limits: NodeLimits };
  readonly storage: Storage;
  readonly log: Log;
  readonly onEvent?: IdentityListener;
}

/** The identity of a node as its configuration says. @throws config-invalid */
export function createNodeIdentity(parts: NodeIdentityParts): IdentityNode {
  const { platform, config, storage, log, onEvent } = parts;
  const { clock, timer, random, network, crypto } = platform;
  const { baseUrl, nodeType, tenantId, commKey, commIv, serverKeys, enrolToken, limits } = config;
  const identity = new IdentityNode({
    ...{ baseUrl, nodeType, tenantId, commKey, commIv, serverKeys },
    ...(enrolToken === undefined ? {} : { enrolToken: fromUtf8(enrolToken.bytes, "enrol_token") }),
    platform: { clock, timer, random, storage, http: network, crypto, log },
    // One attempt each: whoever asks repeats, with a back-off and a screen of its own.
    retry: {
      attempts: 1,
      baseMs: limits.retryBaseMs,
      maxMs: limits.retryMaxMs,
      timeoutMs: limits.requestTimeoutMs,
    },
    // Somebody at a door does not wait for a handshake; a reading may.
    keepSession: nodeType === "reader",
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  network.useTime?.(() => identity.nowUnix());
  return identity;
}
