import { COMMON_OPTIONS, type Command, type OptionSpec } from "./command.ts";

const HEAD = "latchkey: badge readers with a provable identity, on the desk and on the metal.";

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join("\n");
}

function optionRow({ name, short, value, help }: OptionSpec): readonly [string, string] {
  const letters = short === undefined ? "    " : `-${short}, `;
  return [`${letters}--${name}${value === undefined ? "" : ` <${value}>`}`, help];
}

/** The page of `latchkey --help`. */
export function overview(commands: readonly Command[]): string {
  return [
    HEAD,
    "",
    "Usage: latchkey <command> [options]",
    "",
    columns(commands.map(({ name, summary }) => [name, summary])),
    "",
    columns([
      ["latchkey <command> --help", "explains one command"],
      ["latchkey --version", "prints the version"],
    ]),
    "",
    "New here? Type `latchkey sim`, press 1, and watch the door open.",
  ].join("\n");
}

/** The page of `latchkey <command> --help`. */
export function commandHelp(command: Command): string {
  const operands = command.operands === undefined ? "" : ` ${command.operands}`;
  return [
    `latchkey ${command.name}: ${command.summary}`,
    "",
    `Usage: latchkey ${command.name}${operands} [options]`,
    "",
    columns([...command.options, ...COMMON_OPTIONS].map(optionRow)),
    "",
    "Examples:",
    columns(command.examples),
  ].join("\n");
}
