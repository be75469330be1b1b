import type { Log } from "../protocol/platform.ts";

/** For tests and tools that have nobody to tell. */
export const silentLog: Log = Object.freeze({ write: () => {} });
