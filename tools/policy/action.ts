import type { JsonObject } from "../../protocol/json/reader.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments, Command, OptionSpec } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent, Row } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { type Manager, pagesOf } from "../manage/manager.ts";
import { MANAGER_OPTIONS, managerOf } from "../manage/manager-options.ts";

export interface Action {
  /** What the word after it is; absent when there is none. */
  readonly operand?: string;
  readonly options: readonly string[];
  readonly run: (
    manager: Manager,
    args: Arguments,
    operand: string,
    context: Context,
  ) => Promise<readonly CliEvent[]>;
}

interface Description {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  readonly examples: Command["examples"];
  readonly actions: Readonly<Record<string, Action>>;
}

const FOR_ALL: readonly string[] = MANAGER_OPTIONS.map(({ name }) => name);

/** A command of one word and what belongs to it, on a server here or elsewhere. */
export function policyCommand(description: Description): Command {
  const { name, summary, options, examples, actions } = description;
  const names = Object.keys(actions);
  return {
    ...{ name, summary, examples },
    operands: `<${names.join(" | ")}>`,
    maxOperands: 2,
    options: [...options, ...MANAGER_OPTIONS],
    async *run(context, args) {
      const [word = "", operand] = args.positionals;
      const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
      if (action === undefined) {
        const hint = word === "" ? "" : suggestion(word, names);
        throw usageError(`latchkey ${name}: one of ${names.join(", ")}${hint}`);
      }
      const own = [...action.options, ...FOR_ALL];
      const foreign = options.find((one) => args.flag(one.name) && !own.includes(one.name));
      if (foreign !== undefined)
        throw usageError(`--${foreign.name} does not belong to \`${name} ${word}\``, foreign.name);
      if ((operand !== undefined) !== (action.operand !== undefined))
        throw usageError(`say \`latchkey ${name} ${word} ${action.operand ?? ""}\``.trimEnd());
      const manager = await managerOf(context, args);
      try {
        yield* await action.run(manager, args, operand ?? "", context);
      } finally {
        await manager.close();
      }
      return EXIT.ok;
    },
  };
}

/** `2027-01-01T00:00:00Z`, in Unix seconds. A time without a zone would mean two things. */
export function momentOf(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const at = /(Z|[+-][0-9]{2}:[0-9]{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw usageError(`--${name} is a time such as 2027-01-01T00:00:00Z`, name);
  return Math.floor(at / 1000);
}

/** @throws usage when it was not given */
export function needed(args: Arguments, name: string): string {
  const value = args.text(name);
  if (value === undefined) throw usageError(`--${name} is needed`, name);
  return value;
}

export function done(
  text: string,
  fields: Readonly<Record<string, string | number>>,
): readonly CliEvent[] {
  return [{ type: "done", text, fields }];
}

export function table(title: string, rows: readonly Row[]): CliEvent {
  return { type: "table", title, rows };
}

/** The items of all pages. */
export async function allOf(manager: Manager, path: string, field: string): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  for await (const item of pagesOf(manager, path, field)) items.push(item);
  return items;
}
