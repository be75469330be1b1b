import { isLatchkeyError } from "../../protocol/errors.ts";

/** What the shell sees. Documented in docs/cli.md; scripts rely on it. */
export const EXIT = Object.freeze({
  ok: 0,
  /** An expectation, a check or a decision was not what was asked for. */
  failed: 1,
  /** The command line, the configuration or the scenario cannot be used. */
  usage: 2,
  /** The time limit passed first. */
  timeout: 3,
  /** Something outside is missing: a port, a server, a file, an engine. */
  environment: 4,
  /** A defect of Latchkey. */
  internal: 70,
  /** Ctrl-C. */
  interrupted: 130,
});

const USAGE = ["usage", "config-invalid", "scenario-invalid", "malformed"];
const FAILED = ["expectation-failed", "build-failed", "flash-failed"];
const TIMEOUT = ["network-timeout", "sim-timeout"];

/** The exit code for something that a command threw. */
export function exitCodeOf(error: unknown): number {
  if (!isLatchkeyError(error) || error.code === "internal") return EXIT.internal;
  if (USAGE.includes(error.code)) return EXIT.usage;
  if (FAILED.includes(error.code)) return EXIT.failed;
  if (TIMEOUT.includes(error.code)) return EXIT.timeout;
  return EXIT.environment;
}
