import { join, relative, sep } from "node:path";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, OptionSpec } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import { DATA_FOLDER, resolvePath } from "../reader-file.ts";
import type { Authority, AuthorityPlace } from "./authority.ts";

export const AUTHORITY_FOLDER = `${DATA_FOLDER}/authority`;
export const WITNESS_ENV = "LATCHKEY_WITNESS";

export const PLACE_OPTIONS: readonly OptionSpec[] = [
  { name: "folder", value: "folder", help: `the authority's files; ${AUTHORITY_FOLDER}` },
  { name: "witness", value: "folder", help: `what remembers used keys; or ${WITNESS_ENV}` },
];

/** @throws usage */
export function authorityPlace(context: Context, args: Arguments): AuthorityPlace {
  const folder = resolvePath(context, args.text("folder") ?? AUTHORITY_FOLDER);
  const named = args.text("witness") ?? context.env[WITNESS_ENV];
  const witness = named === undefined ? userState(context) : resolvePath(context, named);
  const between = relative(folder, witness);
  if (between !== ".." && !between.startsWith(`..${sep}`))
    throw usageError("the witness must not lie in the authority's folder: one copy has both");
  return { folder, witness };
}

/** Where programs of this user keep what is not a document of theirs. */
function userState({ env }: Context): string {
  const home = env["HOME"];
  const state = env["XDG_STATE_HOME"] ?? (home && join(home, ".local", "state"));
  if (state === undefined || state === "")
    throw usageError("--witness is needed: there is no HOME", "witness");
  return join(state, "latchkey", "witness");
}

export async function openAuthority(context: Context, args: Arguments): Promise<Authority> {
  return await context.openAuthority(authorityPlace(context, args));
}
