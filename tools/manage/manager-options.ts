import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments, OptionSpec } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import { resolvePath, SERVER_FOLDER } from "../reader-file.ts";
import type { Manager } from "./manager.ts";

/** Where the server is, and of which tenant. */
export const MANAGER_OPTIONS: readonly OptionSpec[] = [
  { name: "url", value: "url", help: "a server elsewhere; token in $LATCHKEY_TOKEN" },
  { name: "tenant", value: "uuid", help: "the server's first by default; needed with --url" },
  { name: "data", value: "folder", help: `without --url: server data; ${SERVER_FOLDER}` },
];

/**
 * The manager that the options name; the caller closes it.
 * @param tenant in the place of `--tenant`
 * @throws usage, network-failed
 */
export async function managerOf(
  context: Context,
  args: Arguments,
  tenant = args.text("tenant"),
): Promise<Manager> {
  const url = args.text("url");
  if (url === undefined) {
    const dataFolder = resolvePath(context, args.text("data") ?? SERVER_FOLDER);
    return await context.openManager({ dataFolder }, tenant);
  }
  const token = context.env["LATCHKEY_TOKEN"];
  if (token === undefined || token === "")
    throw usageError("--url needs an operator's token in the environment: LATCHKEY_TOKEN");
  return await context.openManager({ url, token }, tenant);
}

/** What a command is to do: its first operand. @throws usage */
export function actionOf<const T extends string>(
  command: string,
  args: Arguments,
  actions: readonly T[],
): T {
  const [word] = args.positionals;
  const action = actions.find((known) => known === word);
  if (action !== undefined) return action;
  const all = actions.join(", ");
  throw usageError(
    word === undefined
      ? `${command}: one of ${all}`
      : `${command} knows no \`${word}\`${suggestion(word, actions)}`,
  );
}

/** The second operand. @throws usage */
export function nameOf(command: string, args: Arguments, what: string): string {
  const [action, name] = args.positionals;
  if (name === undefined) throw usageError(`\`latchkey ${command} ${action}\` needs ${what}`);
  return name;
}
