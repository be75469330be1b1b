import type { Context } from "./context.ts";
import type { CliEvent } from "./event.ts";

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** Name of its value in the help; absent for a switch. */
  readonly value?: string;
  /** May be given more than once. */
  readonly many?: boolean;
  readonly help: string;
}

/** Parsed command line of one command. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** The last value given. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
  /** @throws usage when it is not a number from `min` to `max` */
  number(name: string, min: number, max: number): number | undefined;
}

/** A command yields what it has to say and returns the exit code. */
export type Run = (context: Context, args: Arguments) => AsyncGenerator<CliEvent, number>;

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as the help shows them. */
  readonly operands?: string;
  /** Positional arguments allowed at most. */
  readonly maxOperands: number;
  readonly options: readonly OptionSpec[];
  /** Lines of a shell, each with what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly run: Run;
}

/** Options that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "json", help: "print JSON lines, for programs" },
  { name: "verbose", short: "v", help: "show stack traces of failures" },
  { name: "help", short: "h", help: "explain the command" },
];
