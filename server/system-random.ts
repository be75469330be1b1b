import { randomBytes } from "node:crypto";
import type { Random } from "../protocol/platform.ts";

/** The operating system's random source. */
export const systemRandom: Random = Object.freeze({
  bytes: (length: number) => new Uint8Array(randomBytes(length)),
});
