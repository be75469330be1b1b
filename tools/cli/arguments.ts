import { nearest } from "../../firmware/nearest.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { type Arguments, COMMON_OPTIONS, type Command, type OptionSpec } from "./command.ts";

/** A mistake in the command line. */
export function usageError(message: string, field?: string): LatchkeyError {
  return new LatchkeyError("usage", { message, detail: field === undefined ? {} : { field } });
}

/** "; did you mean X?" or nothing. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? "" : `; did you mean \`${meant}\`?`;
}

interface Collected {
  readonly positionals: string[];
  readonly values: Map<string, string[]>;
}

/**
 * Parses what follows the command's name: `--name value`, `--name=value`, `-n value`, switches,
 * and `--` before operands that begin with a dash.
 * @throws usage, naming what was wrong and what was probably meant
 */
export function parseArguments(command: Command, words: readonly string[]): Arguments {
  const collected: Collected = { positionals: [], values: new Map() };
  for (let at = 0; at < words.length; ) {
    const word = words[at]!;
    if (word === "--") {
      collected.positionals.push(...words.slice(at + 1));
      break;
    }
    at +=
      word.length > 1 && word.startsWith("-")
        ? takeOption(command, words, at, collected)
        : takeOperand(word, collected);
  }
  const { positionals } = collected;
  if (positionals.length > command.maxOperands) {
    const extra = positionals[command.maxOperands]!;
    throw usageError(`\`latchkey ${command.name}\` does not know what to do with \`${extra}\``);
  }
  return new ParsedArguments(collected);
}

function takeOperand(word: string, { positionals }: Collected): number {
  positionals.push(word);
  return 1;
}

/** Returns how many words it took. */
function takeOption(
  command: Command,
  words: readonly string[],
  at: number,
  { values }: Collected,
): number {
  const word = words[at]!;
  const equals = word.indexOf("=");
  const typed = equals < 0 ? word : word.slice(0, equals);
  const option = findOption(command, typed);
  const given = values.get(option.name) ?? [];
  if (given.length > 0 && option.many !== true) {
    throw usageError(`--${option.name} is given twice`, option.name);
  }
  values.set(option.name, given);
  if (option.value === undefined) {
    if (equals >= 0) throw usageError(`--${option.name} takes no value`, option.name);
    given.push("");
    return 1;
  }
  const value = equals < 0 ? words[at + 1] : word.slice(equals + 1);
  const forgotten = value === undefined || (equals < 0 && /^--[a-z]/.test(value));
  if (forgotten) throw usageError(`--${option.name} needs a value <${option.value}>`, option.name);
  given.push(value);
  return equals < 0 ? 2 : 1;
}

function findOption(command: Command, typed: string): OptionSpec {
  const options = [...command.options, ...COMMON_OPTIONS];
  const found = options.find(({ name, short }) => typed === `--${name}` || typed === `-${short}`);
  if (found !== undefined) return found;
  const hint = suggestion(
    typed,
    options.map(({ name }) => `--${name}`),
  );
  throw usageError(`\`latchkey ${command.name}\` has no option \`${typed}\`${hint}`);
}

class ParsedArguments implements Arguments {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor({ positionals, values }: Collected) {
    this.positionals = positionals;
    this.#values = values;
  }

  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  flag(name: string): boolean {
    return this.#values.has(name);
  }

  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === "" || !(value >= min && value <= max)) {
      throw usageError(`--${name} must be a number from ${min} to ${max}, not \`${text}\``, name);
    }
    return value;
  }
}
