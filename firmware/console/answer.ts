import { ERROR_CODES, isErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { logLine } from "../log.ts";
import type { TapRecord } from "../reader/tap-records.ts";
import type { CheckResult } from "../selftest/check.ts";
import { engineDefects } from "../selftest/engine-checks.ts";
import { COMMANDS, type CommandLine } from "./command-line.ts";
import type { ConsoleSource, Facts } from "./snapshot.ts";

/**
 * Runs a command and gives its answer as lines; one line of JSON with `--json`.
 * @param later takes what comes afterwards
 */
export function answer(
  command: CommandLine,
  source: ConsoleSource,
  later: (lines: readonly string[]) => void,
): string[] {
  const { name, json, count, level } = command;
  switch (name) {
    case "help":
      return json ? [JSON.stringify({ commands: COMMANDS })] : helpLines(source);
    case "status":
      return factLines(source.status(), json);
    case "id":
      return factLines(source.id(), json);
    case "net":
      return factLines(source.net(), json);
    case "badge": {
      if (source.taps === undefined) throw absent("badge reader");
      const taps = source.taps(count);
      return json ? [JSON.stringify({ taps: taps.map(tapFacts) })] : tapLines(taps);
    }
    case "sensors": {
      if (source.sensors === undefined) throw absent("sensors");
      const sensors = source.sensors();
      return json ? [JSON.stringify({ sensors })] : sensors.flatMap(sensorLines);
    }
    case "log": {
      const lines = source.log(count, level).map(logLine);
      if (json) return [`{"log":[${lines.join(",")}]}`];
      return lines.length === 0 ? ["The log is empty."] : lines;
    }
    case "selftest":
      startSelfTest(source, json, later);
      return json ? [] : ["Testing; the door and the sensors go on meanwhile."];
    case "vector":
      return [JSON.stringify({ vector: vector(command, source) })];
    case "factory-reset":
      return factoryReset(command, source);
    case "provision":
      if (source.provision === undefined) throw absent("provisioning");
      return factLines(source.provision(), json);
    case "reboot":
      source.reboot();
      return json ? ['{"rebooting":true}'] : ["Rebooting."];
  }
}

function startSelfTest(
  source: ConsoleSource,
  json: boolean,
  later: (lines: readonly string[]) => void,
): void {
  const defects = engineDefects().filter(({ present }) => present);
  const failures: CheckResult[] = [];
  source.selfTest(
    (result) => {
      if (!result.ok) failures.push(result);
      const { name, ok, found } = result;
      if (!json) later([ok ? `ok    ${name}` : `FAILED ${name}: ${found}`]);
    },
    (passed, failed) => {
      const known = defects.map(({ name }) => name);
      if (json) later([JSON.stringify({ passed, failed, failures, engine_defects: known })]);
      else
        later([
          ...known.map((name) => `note  this engine has a known defect, which is avoided: ${name}`),
          failed === 0
            ? `${passed} passed.`
            : `${passed} passed, ${failed} FAILED: do not use this board.`,
        ]);
    },
  );
}

/** One line of JSON in any case: a program asks. */
function vector({ words }: CommandLine, { vectors }: ConsoleSource): object {
  const [first, primitive, sum] = words;
  if (first === "run" && primitive !== undefined && sum !== undefined)
    return vectors.run(primitive, sum);
  if (first === undefined || words.length > 1)
    throw new LatchkeyError("usage", { message: `Usage: ${COMMANDS.vector.usage}` });
  return vectors.add(first);
}

function factoryReset(
  { confirmation, json }: CommandLine,
  { resetWord, factoryReset: reset }: ConsoleSource,
): string[] {
  if (confirmation !== resetWord)
    throw new LatchkeyError("usage", {
      message:
        "This erases the node's key, its readings and its configuration for good; the server " +
        `will not know it afterwards. To do it, type: factory-reset ${resetWord}`,
    });
  reset();
  return json ? ['{"resetting":true}'] : ["Erasing everything. The node starts again as new."];
}

/** An error as the console prints it: what happened, and what to do. */
export function errorLines(error: LatchkeyError, json: boolean): string[] {
  if (json) return [JSON.stringify({ error: error.toJSON() })];
  return error.code === "usage" ? [error.message] : [error.message, error.next];
}

function absent(what: string): LatchkeyError {
  return new LatchkeyError("usage", { message: `This node has no ${what}.` });
}

function helpLines({ taps, sensors, provision }: ConsoleSource): string[] {
  const { badge, sensors: sensorCommand, provision: provisionCommand, ...always } = COMMANDS;
  const offered = [
    ...Object.values(always),
    ...(taps === undefined ? [] : [badge]),
    ...(sensors === undefined ? [] : [sensorCommand]),
    ...(provision === undefined ? [] : [provisionCommand]),
  ];
  const lines = offered.map(({ usage, about }) => `${usage.padEnd(32)} ${about}`);
  return [...lines, "Every command takes --json for one line of JSON."];
}

function factLines(facts: Facts, json: boolean): string[] {
  if (json) return [JSON.stringify(facts)];
  const entries = Object.entries(facts).filter(([, value]) => value !== null);
  return entries.map(([name, value]) => `${`${name.replaceAll("_", " ")}:`.padEnd(18)} ${value}`);
}

/** `room (bme280): temperature 24.3, humidity 58.1, 12 s ago`, and below it what is wrong. */
function sensorLines(facts: Facts): string[] {
  const { sensor, platform, age_ms, error, error_count, error_next, due_in_ms, ...values } = facts;
  const said = Object.entries(values).map(([quantity, value]) => `${quantity} ${value}`);
  const last = age_ms === null ? ["no reading yet"] : [...said, `${seconds(age_ms)} s ago`];
  const line = `${sensor} (${platform}): ${last.join(", ")}`;
  if (error === null) return [line];
  const times = error_count === 1 ? "once" : `${error_count} times`;
  return [line, `   ${error}, ${times}; again in ${seconds(due_in_ms)} s. ${error_next}`];
}

function seconds(ms: Facts[string] | undefined): number {
  return Math.round(Number(ms) / 1000);
}

function tapFacts(tap: TapRecord): Facts {
  return {
    tap: tap.number,
    at_ms: tap.atMs,
    badge: tap.badge,
    granted: tap.granted,
    reason: tap.reason,
    read_ms: tap.readMs ?? null,
    check_ms: tap.checkMs ?? null,
    total_ms: tap.totalMs,
  };
}

function tapLines(taps: readonly TapRecord[]): string[] {
  if (taps.length === 0) return ["No badge was presented since the reader started."];
  return taps.flatMap((tap) => {
    const verdict = tap.granted ? "GRANTED" : `DENIED ${tap.reason}`;
    const parts = [timing("read", tap.readMs), timing("server", tap.checkMs)].filter(Boolean);
    const timings = [...parts, `total ${tap.totalMs} ms`].join(", ");
    const at = `${(tap.atMs / 1000).toFixed(1)} s`;
    const line = `#${tap.number} at ${at}  badge ${tap.badge || "-"}  ${verdict}  (${timings})`;
    return tap.granted ? [line] : [line, ...why(tap.reason)];
  });
}

function timing(name: string, ms: number | undefined): string {
  return ms === undefined ? "" : `${name} ${ms} ms`;
}

/** For a code of ours: its sentence and the next step. */
function why(reason: string): string[] {
  if (!isErrorCode(reason)) return [];
  const { title, next } = ERROR_CODES[reason];
  return [`   ${title} ${next}`];
}
