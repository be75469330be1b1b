import { toHex } from "../protocol/encoding/hex.ts";
import type { IdentityNode } from "../protocol/node/identity-node.ts";
import type { Facts } from "./console/snapshot.ts";
import type { Journal } from "./journal/journal.ts";
import type { NodeConfig } from "./node-config.ts";
import type { Platform } from "./platform.ts";
import type { ReadingLog } from "./sensor/reading-log.ts";
import type { Uploader } from "./sensor/uploader.ts";

/** What every node can tell of itself. */
export interface NodeFactParts {
  readonly platform: Platform;
  readonly config: NodeConfig & { readonly nodeType: string };
  readonly identity: Pick<IdentityNode, "state" | "nowUnix" | "clockAgeMs">;
}

const whole = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms));

export function identityFacts({ platform, config, identity }: NodeFactParts): Facts {
  const { nodeUid, nodePk, status: registration } = identity.state;
  return {
    node_uid: nodeUid ?? null,
    node_pk: nodePk === undefined ? null : toHex(nodePk),
    registration: registration ?? null,
    node_type: config.nodeType,
    tenant_id: config.tenantId,
    chip_id: platform.system.chipId,
    server_keys: config.serverKeys.length,
  };
}

export function networkFacts(parts: NodeFactParts, linkError: string | undefined): Facts {
  const { platform, config, identity } = parts;
  const { up, address, ssid, rssiDbm } = platform.network.status();
  const { session } = identity.state;
  return {
    up,
    address: address ?? null,
    ssid: ssid ?? null,
    rssi_dbm: rssiDbm ?? null,
    server: config.baseUrl,
    link_error: linkError ?? null,
    session: session?.sid ?? null,
    session_age_ms: whole(session?.ageMs),
    token_expires_in_ms: whole(session?.tokenExpiresInMs),
    unix_time: identity.nowUnix() ?? null,
    clock_age_ms: whole(identity.clockAgeMs()),
  };
}

export function systemFacts({ platform }: NodeFactParts): Facts {
  return {
    uptime_ms: Math.round(platform.clock.monotonicMs()),
    boot_reason: platform.system.bootReason,
    firmware: platform.system.version,
    heap_free: platform.system.heapFreeBytes() ?? null,
  };
}

export function storageFacts({ statistics }: Journal): Facts {
  const { livePages, capacityPages, badSectors } = statistics;
  return {
    storage_used: `${livePages}/${capacityPages} pages`,
    storage_bad_sectors: badSectors,
  };
}

/** What waits for the server, and what became of the rest. */
export function uploadFacts(readings: ReadingLog, uploader: Uploader): Facts {
  return {
    waiting: readings.waiting,
    sent: uploader.sent,
    refused: uploader.refused,
    dropped: readings.dropped,
    upload_error: uploader.lastError ?? null,
  };
}
