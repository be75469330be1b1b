import { usageError } from "../cli/arguments.ts";
import type { Context } from "../cli/context.ts";
import { readSecret } from "../cli/read-secret.ts";

export const PASSPHRASE_ENV = "LATCHKEY_PASSPHRASE";
export const NEW_PASSPHRASE_ENV = "LATCHKEY_NEW_PASSPHRASE";
const LENGTH_MIN = 12;
/** As long as a prompt takes them. */
const LENGTH_MAX = 128;

function needTerminal(context: Context, variable: string): void {
  if (context.stdin.isTTY !== true)
    throw usageError(
      `set ${variable}, or run it in a terminal: a passphrase is on no command line`,
    );
}

/** The passphrase of a key that is there. @throws usage, cancelled */
export async function passphraseOf(context: Context): Promise<string> {
  const given = context.env[PASSPHRASE_ENV];
  if (given !== undefined && given !== "") return given;
  needTerminal(context, PASSPHRASE_ENV);
  return await readSecret(context, "Passphrase of the authority's key");
}

/** The passphrase of a new key, typed twice. @throws usage, cancelled */
export async function newPassphrase(context: Context, variable = PASSPHRASE_ENV): Promise<string> {
  const given = context.env[variable];
  if (given !== undefined && given !== "") return longEnough(given);
  needTerminal(context, variable);
  const typed = longEnough(await readSecret(context, "Passphrase of the new key"));
  if ((await readSecret(context, "The same once more")) !== typed)
    throw usageError("the two passphrases differ");
  return typed;
}

function longEnough(passphrase: string): string {
  if (passphrase.length < LENGTH_MIN || passphrase.length > LENGTH_MAX)
    throw usageError(`a passphrase has ${LENGTH_MIN} to ${LENGTH_MAX} characters`);
  return passphrase;
}
