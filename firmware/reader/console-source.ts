import { toHex } from "../../protocol/encoding/hex.ts";
import { ERROR_CODES } from "../../protocol/error-codes.ts";
import type { ReaderConfig } from "../config.ts";
import type { ConsoleSource, Facts } from "../console/snapshot.ts";
import type { Journal } from "../journal/journal.ts";
import type { RingLog } from "../log.ts";
import type { Platform } from "../platform.ts";
import type { ReaderEngine } from "./engine.ts";
import type { Hardware } from "./hardware.ts";
import { stageName } from "./health.ts";
import type { ReaderIdentity } from "./server-work.ts";

export interface ConsoleParts {
  readonly platform: Platform;
  readonly config: ReaderConfig;
  readonly engine: ReaderEngine;
  readonly identity: ReaderIdentity;
  readonly hardware: Hardware;
  readonly log: RingLog;
  readonly storage: Journal;
}

/** Long enough for the answer to leave a slow port. */
const REBOOT_DELAY_MS = 200;

const whole = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms));

/** What the console tells of a reader. */
export function consoleSource(parts: ConsoleParts): ConsoleSource {
  const { platform, engine, hardware, log } = parts;
  return {
    status: () => status(parts),
    id: () => identityFacts(parts),
    net: () => networkFacts(parts),
    taps: (count) => (count === 0 ? [] : engine.taps.list.slice(-count)),
    log: (count, level) => log.last(count, level),
    reboot: () => {
      log.write("warn", "reboot-requested");
      hardware.relay.release();
      platform.timer.set(() => platform.system.restart(), REBOOT_DELAY_MS);
    },
  };
}

function status({ platform, config, engine, hardware, storage }: ConsoleParts): Facts {
  const { state, taps } = engine;
  const nowMs = platform.clock.monotonicMs();
  const { fault, held } = state;
  const { painter } = hardware;
  const { livePages, capacityPages, badSectors } = storage.statistics;
  return {
    state: stageName(state),
    for_ms: Math.round(nowMs - state.sinceMs),
    error: fault?.code ?? null,
    error_next: fault === undefined ? null : ERROR_CODES[fault.code].next,
    retry_in_ms: fault?.retryAtMs === undefined ? null : Math.round(fault.retryAtMs - nowMs),
    label: config.label,
    door: hardware.relay.energised ? "open" : "shut",
    nfc: state.nfc === "fault" ? `fault ${state.nfcError}` : state.nfc,
    display: painter === undefined ? "none" : painter.absent ? "absent" : "ok",
    badge_challenge: held !== undefined ? "held" : state.fetching ? "fetching" : "none",
    granted: taps.granted,
    denied: taps.denied,
    unreported: engine.unreportedDenials,
    faults: engine.faults,
    last_error: engine.lastError ?? null,
    uptime_ms: Math.round(nowMs),
    boot_reason: platform.system.bootReason,
    firmware: platform.system.version,
    heap_free: platform.system.heapFreeBytes() ?? null,
    storage_used: `${livePages}/${capacityPages} pages`,
    storage_bad_sectors: badSectors,
  };
}

function identityFacts({ platform, config, identity }: ConsoleParts): Facts {
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

function networkFacts({ platform, config, engine, identity }: ConsoleParts): Facts {
  const { up, address, ssid, rssiDbm } = platform.network.status();
  const { session } = identity.state;
  return {
    up,
    address: address ?? null,
    ssid: ssid ?? null,
    rssi_dbm: rssiDbm ?? null,
    server: config.baseUrl,
    link_error: engine.state.linkError ?? null,
    session: session?.sid ?? null,
    session_age_ms: whole(session?.ageMs),
    token_expires_in_ms: whole(session?.tokenExpiresInMs),
    unix_time: identity.nowUnix() ?? null,
    clock_age_ms: whole(identity.clockAgeMs()),
  };
}
