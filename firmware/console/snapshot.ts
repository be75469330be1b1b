import type { Log } from "../../protocol/platform.ts";
import { requestFactoryReset } from "../factory-reset.ts";
import type { Journal } from "../journal/journal.ts";
import type { LogEntry } from "../log.ts";
import type { Platform } from "../platform.ts";
import type { TapRecord } from "../reader/tap-records.ts";
import type { CheckResult } from "../selftest/check.ts";
import { runSelfTest } from "../selftest/selftest.ts";
import { VectorBench } from "../selftest/vector-bench.ts";
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
  /** Runs the node's self-test: a call for each result, then one at its end. */
  selfTest(onResult: (result: CheckResult) => void, onEnd: SelfTestEnd): void;
  /** Where published cases are run that do not fit into flash. */
  readonly vectors: Pick<VectorBench, "add" | "run">;
  /** What has to be typed to confirm a factory reset. */
  readonly resetWord: string;
  /** Erases everything at the next boot, which comes a moment later. @throws storage-… */
  factoryReset(): void;
  /** Restarts the node a moment later, so that the answer still goes out. */
  reboot(): void;
}

/** How many checks passed and failed. */
export type SelfTestEnd = (passed: number, failed: number) => void;

/** Characters of the chip's identifier that confirm a factory reset. */
const RESET_WORD_LENGTH = 4;

/** What every node's console can do to it; `secure` brings its outputs to rest first. */
export function nodeActions(
  platform: Pick<Platform, "timer" | "system" | "crypto">,
  log: Log,
  storage: Journal,
  secure: () => void = () => {},
): Pick<ConsoleSource, "selfTest" | "vectors" | "resetWord" | "factoryReset" | "reboot"> {
  const reboot = (): void => {
    secure();
    rebootSoon(platform, log);
  };
  return {
    selfTest: (onResult, onEnd) => void runSelfTest(platform, onResult, onEnd),
    vectors: new VectorBench(platform.crypto),
    resetWord: platform.system.chipId.slice(-RESET_WORD_LENGTH),
    factoryReset: () => {
      requestFactoryReset(storage);
      reboot();
    },
    reboot,
  };
}

/** Long enough for the answer to leave a slow port. */
const REBOOT_DELAY_MS = 200;

/** Restarts the node once the answer is out. */
function rebootSoon({ timer, system }: Pick<Platform, "timer" | "system">, log: Log): void {
  log.write("warn", "reboot-requested");
  timer.set(() => system.restart(), REBOOT_DELAY_MS);
}
