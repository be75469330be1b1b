import type { Timer } from "../protocol/platform.ts";

/** Node's, which keep no process alive. */
export const systemTimer: Timer = Object.freeze({
  set: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs).unref(),
  clear: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout),
});
