import type { JsonObject, JsonReader } from "../json/reader.ts";
import { MAX_UNIX_TIME } from "../node/endpoints.ts";
import { parseNext, parseTokenGrant } from "../node/verify.ts";
import {
  type DenialReport,
  parseDenialReport,
  parseDenialsRecorded,
  writeDenialReport,
} from "./denial-report.ts";

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
  /** Why it booted last: `power-on`, `watchdog`, … */
  readonly bootReason?: string;
  /** The NFC controller: `up`, `fault`, `starting`. */
  readonly nfc?: string;
  readonly heapFreeBytes?: number;
  /** How long ago the node heard the time. */
  readonly clockAgeSeconds?: number;
  /** How many events wait on the node until the server has them. */
  readonly queued?: number;
  /** Taps that the reader refused by itself, when there are any to tell. */
  readonly denials?: DenialReport;
  /** Of a node that can be updated. */
  readonly image?: ImageReport;
}

/** What runs on a node that can be updated. */
export interface ImageReport {
  /** Which board and program. */
  readonly product: string;
  /** It takes no image below it. */
  readonly securityVersion: number;
  /** An image that it tried and went back from, until a check-in was answered. */
  readonly reverted?: { readonly version: string; readonly code: string };
}

function writeImageReport({ product, securityVersion, reverted }: ImageReport): JsonObject {
  return { product, security: securityVersion, ...(reverted !== undefined && { reverted }) };
}

function parseImageReport(body: JsonReader): ImageReport {
  const reverted = body.optionalObject("reverted");
  return {
    product: body.string("product", { max: 64 }),
    securityVersion: body.uint("security", { max: 0xffffffff }),
    ...(reverted !== undefined && {
      reverted: {
        version: reverted.string("version", { min: 0, max: 64 }),
        code: reverted.word("code", { max: 40 }),
      },
    }),
  };
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
  /** Number of the last denial of this boot that is recorded; with a report only. */
  readonly denialsRecorded?: number;
}

export function writeCheckInRequest(request: CheckInRequest): JsonObject {
  const { uptimeSeconds, firmware, state, granted, denied, faults, lastError } = request;
  const { bootReason, nfc, heapFreeBytes, clockAgeSeconds, queued, denials, image } = request;
  return {
    uptime_s: uptimeSeconds,
    firmware,
    state,
    granted,
    denied,
    faults,
    ...(lastError !== undefined && { last_error: lastError }),
    ...(bootReason !== undefined && { boot_reason: bootReason }),
    ...(nfc !== undefined && { nfc }),
    ...(heapFreeBytes !== undefined && { heap_free: heapFreeBytes }),
    ...(clockAgeSeconds !== undefined && { clock_age_s: clockAgeSeconds }),
    ...(queued !== undefined && { queue: queued }),
    ...(denials !== undefined && { denials: writeDenialReport(denials) }),
    ...(image !== undefined && { image: writeImageReport(image) }),
  };
}

/** @throws malformed */
export function parseCheckInRequest(body: JsonReader): CheckInRequest {
  const lastError = body.optionalString("last_error", { max: 40 });
  const bootReason = body.optionalString("boot_reason", { max: 20 });
  const nfc = body.optionalString("nfc", { max: 20 });
  const heapFreeBytes = body.optionalUint("heap_free");
  const clockAgeSeconds = body.optionalUint("clock_age_s");
  const queued = body.optionalUint("queue");
  const denials = body.optionalObject("denials");
  const image = body.optionalObject("image");
  return {
    uptimeSeconds: body.uint("uptime_s"),
    firmware: body.string("firmware", { max: 40 }),
    state: body.string("state", { max: 40 }),
    granted: body.uint("granted"),
    denied: body.uint("denied"),
    faults: body.uint("faults"),
    ...(lastError !== undefined && { lastError }),
    ...(bootReason !== undefined && { bootReason }),
    ...(nfc !== undefined && { nfc }),
    ...(heapFreeBytes !== undefined && { heapFreeBytes }),
    ...(clockAgeSeconds !== undefined && { clockAgeSeconds }),
    ...(queued !== undefined && { queued }),
    ...(denials !== undefined && { denials: parseDenialReport(denials) }),
    ...(image !== undefined && { image: parseImageReport(image) }),
  };
}

export function writeCheckInAnswer(answer: CheckInAnswer): JsonObject {
  const { token, expiresIn, serverTime, next, denialsRecorded } = answer;
  return {
    token,
    expires_in: expiresIn,
    server_time: serverTime,
    next,
    ...(denialsRecorded !== undefined && { denials_recorded: denialsRecorded }),
  };
}

/** @throws malformed */
export function parseCheckInAnswer(body: JsonReader): CheckInAnswer {
  const denialsRecorded = parseDenialsRecorded(body);
  return {
    ...parseTokenGrant(body),
    serverTime: body.uint("server_time", { max: MAX_UNIX_TIME }),
    next: parseNext(body),
    ...(denialsRecorded !== undefined && { denialsRecorded }),
  };
}
