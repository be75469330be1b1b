import { toBase64Url } from "../protocol/encoding/base64.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { createJsonLog } from "../server/json-log.ts";
import { type RunningServer as StartedServer, startServer } from "../server/start.ts";
import { tenantFields } from "../server/tenant-fields.ts";
import { systemClock } from "../server/wall-clock.ts";
import type { RunningServer, ServeOptions } from "./cli/context.ts";

/** Starts the real server over its folder. @throws address-in-use, config-invalid */
export async function launchServer(options: ServeOptions): Promise<RunningServer> {
  const { dataFolder, host, port, stores, broker, applications, onLog } = options;
  const { figures, drainMs = 0 } = options;
  const asJson = options.logAs === "json";
  const log = createJsonLog((line) => onLog(asJson ? line : lineOf(line)), systemClock);
  const server = await startServer({
    ...{ folder: dataFolder, host, port, log, drainMs },
    ...stores,
    ...(broker && { broker }),
    ...(applications && { applications }),
    ...(figures && { figures }),
  }).catch(explain);
  return {
    url: server.url,
    ...(server.metricsPort !== undefined && { metricsPort: server.metricsPort }),
    ...(server.firstStart === undefined ? {} : { adminToken: server.firstStart.adminToken }),
    provision: () => provisionReader(server),
    close: () => server.close(),
  };

  function explain(error: unknown): never {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRNOTAVAIL" || code === "EACCES" || code === "ENOTFOUND") {
      const message = `the server cannot listen on ${host}:${port}`;
      throw new LatchkeyError("address-in-use", { message, cause: error });
    }
    throw error;
  }
}

/** Everything that a reader of the first tenant is burnt with, except its pins and its URL. */
async function provisionReader({ service }: StartedServer) {
  const [tenant] = await service.admin.tenants();
  if (tenant === undefined) throw new LatchkeyError("tenant-unknown");
  const keys = await service.admin.provisioning(tenant.tenantId);
  return {
    node_type: "reader",
    ...tenantFields(keys),
    df1: toBase64Url(keys.df1.bytes),
  };
}

/** `12:34:56 POST /identity_iot/ii_time 200 1.2 ms` of a JSON log line. */
function lineOf(line: string): string {
  const { time, event, level, ...fields } = JSON.parse(line) as Record<string, string | number>;
  const at = String(time).slice(11, 19);
  if (event === "request") {
    const { method, path, status, duration_ms } = fields;
    return `${at} ${method} ${path} ${status} ${Number(duration_ms).toFixed(1)} ms`;
  }
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return [at, level === "info" ? "" : level, event, ...rest]
    .filter((part) => part !== "")
    .join(" ");
}
