import type { CheckInRequest } from "../protocol/badge/check-in.ts";
import type { ErrorCode } from "../protocol/error-codes.ts";
import type { System } from "./platform.ts";

export interface Vitals {
  /** As people and servers read it: `READY`, `ERROR`, … */
  readonly state: string;
  /** State of the NFC controller, where there is one. */
  readonly nfc?: string;
  readonly taps: { readonly granted: number; readonly denied: number };
  readonly faults: number;
  readonly lastError: ErrorCode | undefined;
  readonly system: Pick<System, "bootReason" | "version" | "heapFreeBytes">;
  readonly clockAgeMs: number | undefined;
  readonly uptimeMs: number;
  /** Events that wait for the server. */
  readonly queued: number;
}

/** What a check-in tells the server. */
export function checkInReport(vitals: Vitals): CheckInRequest {
  const { state, nfc, taps, faults, lastError, system, clockAgeMs, uptimeMs, queued } = vitals;
  const heapFreeBytes = system.heapFreeBytes();
  return {
    uptimeSeconds: Math.floor(uptimeMs / 1000),
    firmware: system.version,
    state,
    granted: taps.granted,
    denied: taps.denied,
    faults,
    bootReason: system.bootReason,
    queued,
    ...(nfc === undefined ? {} : { nfc }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(heapFreeBytes === undefined
      ? {}
      : { heapFreeBytes: Math.max(0, Math.floor(heapFreeBytes)) }),
    ...(clockAgeMs === undefined ? {} : { clockAgeSeconds: Math.floor(clockAgeMs / 1000) }),
  };
}
