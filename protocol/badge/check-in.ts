import type { JsonObject, JsonReader } from "../json/reader.ts";
import { MAX_UNIX_TIME } from "../node/endpoints.ts";
import { parseTokenGrant } from "../node/verify.ts";

/** it_node_checkin: how the reader is, sealed. All counts are since boot. */
export interface CheckInRequest {
  readonly uptimeSeconds: number;
  /** Version of the firmware, as it names itself. */
  readonly firmware: string;
  /** State of the reader's machine: `READY`, `ACTIVE`, … */
  readonly state: string;
  readonly granted: number;
  readonly denied: number;
  /** Errors of chips and buses. */
  readonly faults: number;
  /** Code of the last error, if there was one. */
  readonly lastError?: string;
}

/** it_node_checkin: the server renews the token, sealed. */
export interface CheckInAnswer {
  readonly token: string;
  /** Seconds for which the token is good. */
  readonly expiresIn: number;
  /** Unix seconds. */
  readonly serverTime: number;
  /** Work for the node, such as `update`; words it does not know are for a newer one. */
  readonly next: readonly string[];
}

export function writeCheckInRequest(request: CheckInRequest): JsonObject {
  const { uptimeSeconds, firmware, state, granted, denied, faults, lastError } = request;
  return {
    uptime_s: uptimeSeconds,
    firmware,
    state,
    granted,
    denied,
    faults,
    ...(lastError !== undefined && { last_error: lastError }),
  };
}

/** @throws malformed */
export function parseCheckInRequest(body: JsonReader): CheckInRequest {
  const lastError = body.optionalString("last_error", { max: 40 });
  return {
    uptimeSeconds: body.uint("uptime_s"),
    firmware: body.string("firmware", { max: 40 }),
    state: body.string("state", { max: 40 }),
    granted: body.uint("granted"),
    denied: body.uint("denied"),
    faults: body.uint("faults"),
    ...(lastError !== undefined && { lastError }),
  };
}

export function writeCheckInAnswer(answer: CheckInAnswer): JsonObject {
  const { token, expiresIn, serverTime, next } = answer;
  return { token, expires_in: expiresIn, server_time: serverTime, next };
}

/** @throws malformed */
export function parseCheckInAnswer(body: JsonReader): CheckInAnswer {
  const next = body.optional("next", () => body.array("next", { max: 16 })) ?? [];
  return {
    ...parseTokenGrant(body),
    serverTime: body.uint("server_time", { max: MAX_UNIX_TIME }),
    next: next.filter((word) => typeof word === "string"),
  };
}
