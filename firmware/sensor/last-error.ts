import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { SensorNodeParts } from "./sensor-node.ts";

/** What somebody who looks after the node should look at first. */
export function lastError({ connection, reporting }: SensorNodeParts): ErrorCode | undefined {
  const { work, uploader } = reporting;
  const failing = work.sensors.find(({ faults }) => faults.current !== undefined);
  return (
    work.storageError?.code ??
    connection.fault?.code ??
    uploader.lastError ??
    failing?.faults.current?.code
  );
}
