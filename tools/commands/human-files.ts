import { LatchkeyError } from "../../protocol/errors.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import { HUMAN_FOLDER } from "../human/human-folder.ts";
import { resolvePath } from "../reader-file.ts";

/** The value of an option that must be there. */
export function need(args: Arguments, name: string): string {
  const value = args.text(name);
  if (value === undefined) throw usageError(`--${name} is needed`, name);
  return value;
}

/** The file that an option names. */
export const pathOf = (context: Context, args: Arguments, option: string): string =>
  resolvePath(context, need(args, option));

/** The folder of keys and certificates: that of `--folder`, or the usual one. */
export const folderOf = (context: Context, args: Arguments): string =>
  resolvePath(context, args.text("folder") ?? HUMAN_FOLDER);

/** A text without the white space around it. @throws file-unusable */
export function readFile(context: Context, path: string): string {
  const text = context.readText(path);
  if (text === undefined)
    throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
  return text.trim();
}
