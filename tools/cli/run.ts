import { COMMANDS } from "../commands/all.ts";
import { parseArguments, suggestion, usageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import type { Context } from "./context.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { commandHelp, overview } from "./help.ts";
import { humanRenderer } from "./render-human.ts";
import { jsonRenderer } from "./render-json.ts";
import type { Renderer } from "./renderer.ts";
import { withCode } from "./system-error.ts";

/**
 * Runs one command line (without `node` and the script) and gives the exit code. Never throws
 * and never ends the process.
 */
export async function runCli(words: readonly string[], context: Context): Promise<number> {
  const verbose = words.includes("--verbose") || words.includes("-v");
  const json = words.includes("--json");
  const renderer = json ? jsonRenderer(context.stdout) : humanRenderer(context);
  let exitCode: number;
  try {
    exitCode = await dispatch(words, context, renderer);
  } catch (thrown) {
    const error = withCode(thrown);
    renderer.error(error, verbose);
    exitCode = context.interrupted.aborted ? EXIT.interrupted : exitCodeOf(error);
  }
  renderer.end(exitCode);
  return exitCode;
}

async function dispatch(
  words: readonly string[],
  context: Context,
  renderer: Renderer,
): Promise<number> {
  const at = words.findIndex((word) => !word.startsWith("-"));
  const before = at < 0 ? words : words.slice(0, at);
  if (before.includes("--version") || before.includes("-V")) {
    renderer.event({ type: "text", text: `latchkey ${context.version}` });
    return EXIT.ok;
  }
  const name = words[at];
  if (name === undefined) return help(undefined, before, renderer);
  if (name === "help") return help(words[at + 1], before, renderer);
  const command = findCommand(name);
  const args = parseArguments(command, [...before, ...words.slice(at + 1)]);
  if (args.flag("help")) {
    renderer.event({ type: "text", text: commandHelp(command) });
    return EXIT.ok;
  }
  return follow(command.run(context, args), renderer);
}

function help(topic: string | undefined, flags: readonly string[], renderer: Renderer): number {
  const text = topic === undefined ? overview(COMMANDS) : commandHelp(findCommand(topic));
  const unknown = flags.find((flag) => !/^(-h|--help|--json|-v|--verbose)$/.test(flag));
  if (unknown !== undefined) {
    const hint = suggestion(unknown, ["--help", "--version"]);
    throw usageError(`\`latchkey\` has no option \`${unknown}\`${hint}`);
  }
  renderer.event({ type: "text", text });
  return EXIT.ok;
}

function findCommand(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  throw usageError(
    `there is no command \`${name}\`${suggestion(name, names) || `: there are ${names.join(", ")}`}`,
  );
}

async function follow(run: ReturnType<Command["run"]>, renderer: Renderer): Promise<number> {
  for (;;) {
    const step = await run.next();
    if (step.done === true) return step.value;
    renderer.event(step.value);
  }
}
