import type { Log } from "../../protocol/platform.ts";
import type { LogEntry } from "../log.ts";
import type { Platform } from "../platform.ts";
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
  /** The last taps; absent on a node without a reader. */
  taps?(count: number): readonly TapRecord[];
  /** Each sensor; absent on a node that has none. */
  sensors?(): readonly Facts[];
  /**
   * Somebody at the node asks that it take a configuration; absent where it never does.
   * @throws provisioning-locked
   */
  provision?(): Facts;
  log(count: number, level: Level): readonly LogEntry[];
  /** Restarts the node a moment later, so that the answer still goes out. */
  reboot(): void;
}

/** Long enough for the answer to leave a slow port. */
const REBOOT_DELAY_MS = 200;

/** Restarts the node once the answer is out. */
export function rebootSoon({ timer, system }: Pick<Platform, "timer" | "system">, log: Log): void {
  log.write("warn", "reboot-requested");
  timer.set(() => system.restart(), REBOOT_DELAY_MS);
}
