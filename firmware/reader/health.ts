import type { CheckInRequest } from "../../protocol/badge/check-in.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { System } from "../platform.ts";
import type { ReaderState } from "./machine.ts";
import type { TapRecords } from "./tap-records.ts";

export interface Vitals {
  readonly state: ReaderState;
  readonly taps: Pick<TapRecords, "granted" | "denied">;
  readonly faults: number;
  readonly lastError: ErrorCode | undefined;
  readonly system: Pick<System, "bootReason" | "version" | "heapFreeBytes">;
  readonly clockAgeMs: number | undefined;
  readonly uptimeMs: number;
}

/** The state as people and servers read it: `READY`, `ERROR`, … */
export function stageName(state: ReaderState): string {
  return state.stage.toUpperCase();
}

/** What a check-in tells the server. */
export function checkInReport(vitals: Vitals): CheckInRequest {
  const { state, taps, faults, lastError, system, clockAgeMs, uptimeMs } = vitals;
  const heapFreeBytes = system.heapFreeBytes();
  return {
    uptimeSeconds: Math.floor(uptimeMs / 1000),
    firmware: system.version,
    state: stageName(state),
    granted: taps.granted,
    denied: taps.denied,
    faults,
    bootReason: system.bootReason,
    nfc: state.nfc,
    ...(lastError === undefined ? {} : { lastError }),
    ...(heapFreeBytes === undefined
      ? {}
      : { heapFreeBytes: Math.max(0, Math.floor(heapFreeBytes)) }),
    ...(clockAgeMs === undefined ? {} : { clockAgeSeconds: Math.floor(clockAgeMs / 1000) }),
  };
}

/**
 * Whether the program still does what it should. In every state something is due within a known
 * time: a challenge to refresh, an attempt to repeat, an answer or its time limit. A reader that
 * has handled no event for much longer hangs, though its loop turns; the watchdog may have it.
 */
export function isHealthy(silentMs: number, retryMaxMs: number, state: ReaderState): boolean {
  // Waiting for the NFC controller's driver, which keeps trying by itself and reports success only.
  if (state.stage === "error" && state.fault?.at === "nfc") return true;
  return silentMs < Math.max(120_000, 2 * retryMaxMs);
}
