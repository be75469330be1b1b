import { fileURLToPath } from "node:url";
import type { SimEvent } from "../../host-sim/scenario/events.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { resolvePath } from "../reader-file.ts";
import type { ScenarioOptions } from "../simulator.ts";

/** Played when no scenario is named: boot, tap a good badge, see the door open. */
const FIRST_TAP = fileURLToPath(new URL("../../examples/first-tap.yaml", import.meta.url));

const MAX_TIMEOUT_S = 400 * 86_400;

/** Plays a scenario and says whether it went as it says. */
export async function* runHeadless(
  context: Context,
  args: Arguments,
): AsyncGenerator<CliEvent, number> {
  const path = args.positionals[0] ?? FIRST_TAP;
  const text = context.readText(resolvePath(context, path));
  if (text === undefined) throw noSuchFile(path);
  const simulator = await context.loadSimulator();
  const scenario = parse(() => simulator.parseScenario(text), path);
  let serial = "";
  let exitCode: number = EXIT.failed;
  for await (const event of simulator.runScenario(scenario, optionsOf(context, args))) {
    if (event.type === "serial") serial += event.text;
    if (event.type === "screenshot") context.writeFile(resolvePath(context, event.path), event.png);
    if (event.type === "result") exitCode = exitOfResult(event);
    yield { type: "sim", event };
  }
  const log = args.text("serial-log-file");
  if (log !== undefined) {
    context.writeFile(resolvePath(context, log), serial);
    yield { type: "done", text: `Serial log in ${log}`, fields: { path: log } };
  }
  return context.interrupted.aborted ? EXIT.interrupted : exitCode;
}

function optionsOf(context: Context, args: Arguments): ScenarioOptions {
  const seed = args.text("seed");
  const seconds = args.number("timeout", 0.001, MAX_TIMEOUT_S);
  const screenshot = args.text("screenshot");
  return {
    expectText: args.texts("expect-text"),
    failText: args.texts("fail-text"),
    speed: args.number("speed", 0.01, 1e6) ?? Number.POSITIVE_INFINITY,
    signal: context.interrupted,
    ...(seed === undefined ? {} : { seed }),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
    ...(screenshot === undefined ? {} : { screenshot }),
  };
}

function exitOfResult({ ok, code }: Extract<SimEvent, { type: "result" }>): number {
  if (ok) return EXIT.ok;
  return code === "cancelled"
    ? EXIT.interrupted
    : code === "sim-timeout"
      ? EXIT.timeout
      : EXIT.failed;
}

/** Adds the file to what the parser says about a line. */
function parse<T>(work: () => T, path: string): T {
  try {
    return work();
  } catch (error) {
    if (!isLatchkeyError(error, "scenario-invalid")) throw error;
    const { message, detail } = error;
    throw new LatchkeyError("scenario-invalid", { message: `${path}: ${message}`, detail });
  }
}

function noSuchFile(path: string): LatchkeyError {
  // `latchkey sim serve` is more likely a slip than a scenario without an extension.
  const hint = suggestion(path, ["serve", "tap", "doctor", "console", "init"]);
  return usageError(`there is no scenario \`${path}\`${hint}`, "scenario");
}
