import type { LogEntry } from "../log.ts";
import type { TapRecord } from "../reader/tap-records.ts";
import type { Level } from "./command-line.ts";

/** Facts under a heading. Keys are stable: programs read them with `--json`. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/**
 * What the console can tell of a node. Each call looks anew. By their types, none of it can hold
 * a `Secret`.
 */
export interface ConsoleSource {
  status(): Facts;
  id(): Facts;
  net(): Facts;
  taps(count: number): readonly TapRecord[];
  log(count: number, level: Level): readonly LogEntry[];
  /** Restarts the node a moment later, so that the answer still goes out. */
  reboot(): void;
}
