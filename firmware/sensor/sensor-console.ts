import { ERROR_CODES } from "../../protocol/error-codes.ts";
import { type ConsoleSource, type Facts, nodeActions } from "../console/snapshot.ts";
import {
  identityFacts,
  networkFacts,
  storageFacts,
  systemFacts,
  uploadFacts,
} from "../node-facts.ts";
import { type NodeProvisioning, provisioningAtWork } from "../provisioning/node-provisioning.ts";
import { progressFacts } from "../provisioning/progress-facts.ts";
import { lastError } from "./last-error.ts";
import { sensorFacts } from "./sensor-facts.ts";
import type { SensorNodeParts } from "./sensor-node.ts";

/** What the console tells of a sensor node. */
export function nodeConsole(parts: SensorNodeParts): ConsoleSource {
  const { platform, connection, log, storage } = parts;
  const { work } = parts.reporting;
  return {
    status: () => status(parts),
    id: () => identityFacts(parts),
    net: () => networkFacts(parts, connection.fault?.code),
    sensors: () => {
      const nowMs = platform.clock.monotonicMs();
      return work.sensors.map((sensor) => sensorFacts(sensor, nowMs));
    },
    log: (count, level) => log.last(count, level),
    ...nodeActions(platform, log, storage),
  };
}

/** How a sensor node that is at work takes another configuration. */
export function sensorProvisioning(
  parts: SensorNodeParts,
  restart: () => void,
): NodeProvisioning | undefined {
  const { connection } = parts;
  const progress = () =>
    progressFacts(parts, connection.stage.toUpperCase(), connection.fault?.code);
  return provisioningAtWork(parts, { progress, restart });
}

function status(parts: SensorNodeParts): Facts {
  const { platform, config, connection, reporting, storage, painter } = parts;
  const { work, readings, uploader } = reporting;
  const error = lastError(parts);
  const retryAtMs = connection.fault?.retryAtMs;
  return {
    state: connection.stage.toUpperCase(),
    error: error ?? null,
    error_next: error === undefined ? null : ERROR_CODES[error].next,
    retry_in_ms:
      retryAtMs === undefined ? null : Math.round(retryAtMs - platform.clock.monotonicMs()),
    label: config.label,
    sensors: work.sensors.length,
    sensors_failing: work.failing,
    display: painter === undefined ? "none" : painter.absent ? "absent" : "ok",
    recorded: work.recorded,
    ...uploadFacts(readings, uploader),
    ...systemFacts(parts),
    ...storageFacts(storage),
  };
}
