import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Secret } from "../protocol/crypto/secret.ts";
import { fromHex, toHex } from "../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../protocol/errors.ts";
import type { Random } from "../protocol/platform.ts";

/** The secrets that are not in the database. */
export interface FolderKeys {
  /** Ed25519 seeds, the one that signs first. */
  readonly signingSeeds: readonly Secret[];
  /** Under which tenants' keys are sealed; the newest last. */
  readonly vaultKeys: readonly Secret[];
}

/** `vault.key` is the first one. */
const VAULT_FILE = /^vault(?:-([0-9]{1,6}))?\.key$/;
const FIRST_VAULT_FILE = "vault.key";
const SIGNING_FILE = /^signing-([0-9]{1,6})\.key$/;
const FIRST_SIGNING_FILE = "signing-1.key";

function fail(message: string, field: string): LatchkeyError {
  return new LatchkeyError("config-invalid", { message, detail: { field } });
}

/** Makes the folder, or sees to it that it is ours alone. */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // An existing one keeps its mode and mkdir's is cut by the umask: say it again.
  if (process.platform !== "win32") chmodSync(folder, 0o700);
}

/** Durable, complete or absent, and never over an existing file. */
function writeKeyFile(path: string, key: Uint8Array): void {
  const temporary = `${path}.${process.pid}.new`;
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeSync(file, `${toHex(key)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path); // fails when the name is taken, where rename would replace
  } finally {
    unlinkSync(temporary);
  }
}

function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}

function readKeyFile(path: string): Secret {
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0)
    throw fail(`${path} can be read by others; run: chmod 600 "${path}"`, path);
  return parseKey(readFileSync(path, "utf8"), path);
}

/** In the order of their numbers: the highest takes over from those before it. */
function filesOf(folder: string, pattern: RegExp): readonly string[] {
  const number = (name: string): number => Number(pattern.exec(name)?.[1] ?? 1);
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  return names.sort((a, b) => number(a) - number(b)).map((name) => join(folder, name));
}

/** From 64 hexadecimal digits. @throws config-invalid, which quotes nothing of it */
export function parseKey(text: string, field: string): Secret {
  try {
    return new Secret(fromHex(text.trim()), 32);
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    throw fail(`${field} does not hold a key (64 hexadecimal digits)`, field);
  }
}

/**
 * Loads the keys in the folder, except those that are given; makes what is missing when `create`
 * says that this is the first start. Otherwise a missing key is an error: a new one would make the
 * database unreadable and the nodes distrust the server, and neither would be noticed before it
 * hurts.
 * @throws config-invalid; file system errors
 */
export function loadFolderKeys(
  folder: string,
  random: Random,
  create: boolean,
  given: Partial<FolderKeys> = {},
): FolderKeys {
  ensurePrivateFolder(folder);
  const load = (pattern: RegExp, first: string): readonly Secret[] => {
    if (create && filesOf(folder, pattern).length === 0) {
      writeKeyFile(join(folder, first), random.bytes(32));
      syncFolder(folder);
    }
    const files = filesOf(folder, pattern);
    if (files.length > 0) return files.map(readKeyFile);
    throw fail(`${folder} lacks ${first}; bring it back from where you keep it`, "keys");
  };
  // The one that signs comes first.
  const vaultKeys = given.vaultKeys ?? load(VAULT_FILE, FIRST_VAULT_FILE);
  const signingSeeds = given.signingSeeds ?? load(SIGNING_FILE, FIRST_SIGNING_FILE).toReversed();
  return { signingSeeds, vaultKeys };
}
