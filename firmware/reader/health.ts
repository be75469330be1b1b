import { workStage } from "./boot-transitions.ts";
import type { ReaderState } from "./machine.ts";

const CONNECTED: readonly string[] = Object.freeze(["active", "ready", "granted", "denied", "nfc"]);

/** Whether the reader is connected and no tap needs the network: the time for reports. */
export function maySpeak(state: ReaderState): boolean {
  return state.tap === undefined && CONNECTED.includes(workStage(state));
}

/** A tap's record is sealed and sent a second after it. */
const QUIET_AFTER_MS = 1_200;

/** Whether nobody is at the door and nothing else is under way that was put off for it. */
export function isQuiet({ stage, tap, sinceMs }: ReaderState, nowMs: number): boolean {
  const rests = stage === "ready" || stage === "granted" || stage === "denied";
  return rests && tap === undefined && nowMs - sinceMs >= QUIET_AFTER_MS;
}

/** The state as people and servers read it: `READY`, `ERROR`, … */
export function stageName(state: ReaderState): string {
  return state.stage.toUpperCase();
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
