import type { Log, LogLevel } from "../protocol/platform.ts";
import type { WallClock } from "./wall-clock.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * One JSON object per line. The `Log` type takes plain facts only, so a `Secret` does not get in;
 * texts are cut, so that nobody fills a disk through a path or a header.
 * @param write takes one line, its end included
 */
export function createJsonLog(
  write: (line: string) => void,
  clock: WallClock,
  lowest: LogLevel = "info",
): Log {
  const threshold = LEVELS.indexOf(lowest);
  return {
    write(level, event, fields = {}) {
      if (LEVELS.indexOf(level) < threshold) return;
      const time = new Date(clock.unixMs()).toISOString();
      const cut = (_name: string, value: unknown): unknown =>
        typeof value === "string" && value.length > 2000 ? `${value.slice(0, 2000)}…` : value;
      write(`${JSON.stringify({ time, level, event, ...fields }, cut)}\n`);
    },
  };
}
