import { ERROR_CODES } from "../../protocol/error-codes.ts";
import type { ReaderConfig } from "../config.ts";
import { type ConsoleSource, type Facts, nodeActions } from "../console/snapshot.ts";
import type { Journal } from "../journal/journal.ts";
import type { LazyKeyLabel } from "../key-label.ts";
import type { RingLog } from "../log.ts";
import {
  identityFacts,
  networkFacts,
  storageFacts,
  systemFacts,
  uploadFacts,
} from "../node-facts.ts";
import type { Platform } from "../platform.ts";
import { type NodeProvisioning, provisioningAtWork } from "../provisioning/node-provisioning.ts";
import { progressFacts } from "../provisioning/progress-facts.ts";
import type { NodeReporting } from "../sensor/node-reporting.ts";
import { sensorFacts } from "../sensor/sensor-facts.ts";
import type { WatchedSensor } from "../sensor/watched-sensor.ts";
import type { ReaderEngine } from "./engine.ts";
import type { Hardware } from "./hardware.ts";
import { stageName } from "./health.ts";
import type { ReaderIdentity } from "./server-work.ts";
import type { Visits } from "./visits.ts";

export interface ConsoleParts {
  readonly platform: Platform;
  readonly config: ReaderConfig;
  readonly engine: ReaderEngine;
  readonly identity: ReaderIdentity;
  readonly hardware: Hardware;
  readonly log: RingLog;
  readonly storage: Journal;
  readonly reporting: NodeReporting;
  readonly key: LazyKeyLabel;
  readonly visits: Visits;
}

/** What the console tells of a reader. */
export function consoleSource(parts: ConsoleParts): ConsoleSource {
  const { platform, engine, hardware, log, reporting, storage } = parts;
  const { sensors } = reporting.work;
  const factsOf = (sensor: WatchedSensor) => sensorFacts(sensor, platform.clock.monotonicMs());
  return {
    status: () => status(parts),
    id: () => identityFacts(parts),
    net: () => networkFacts(parts, engine.state.linkError),
    taps: (count) => (count === 0 ? [] : engine.taps.list.slice(-count)),
    log: (count, level) => log.last(count, level),
    ...(sensors.length === 0 ? {} : { sensors: () => sensors.map(factsOf) }),
    ...nodeActions(platform, log, storage, () => hardware.relay.release()),
  };
}

/** How a reader that is at work takes another configuration, where its platform can keep one. */
export function readerProvisioning(
  parts: ConsoleParts,
  restart: () => void,
): NodeProvisioning | undefined {
  const progress = () => {
    const { state } = parts.engine;
    return progressFacts(parts, stageName(state), state.fault?.code ?? state.linkError);
  };
  return provisioningAtWork(parts, { progress, restart });
}

function status(parts: ConsoleParts): Facts {
  const { platform, config, engine, hardware, storage, reporting } = parts;
  const { state, taps } = engine;
  const nowMs = platform.clock.monotonicMs();
  const { fault, held } = state;
  const { painter } = hardware;
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
    ...uploadFacts(reporting.readings, reporting.uploader),
    ...systemFacts(parts),
    ...storageFacts(storage),
  };
}
