import {
  chmodSync,
  closeSync,
  existsSync,
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
  /** Under which tenants' keys are sealed. */
  readonly vaultKey: Secret;
}

const VAULT_FILE = "vault.key";
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
  try {
    return new Secret(fromHex(readFileSync(path, "utf8").trim()), 32);
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    throw fail(`${path} does not hold a key (64 hexadecimal digits)`, path); // quotes nothing
  }
}

/** By number, highest first: `signing-2.key` takes over from `signing-1.key`. */
function signingFiles(folder: string): readonly string[] {
  const number = (name: string): number => Number(SIGNING_FILE.exec(name)?.[1] ?? 0);
  const names = readdirSync(folder).filter((name) => SIGNING_FILE.test(name));
  return names.sort((a, b) => number(b) - number(a));
}

/**
 * Loads the keys in the folder; makes them when `create` says that this is the first start.
 * Otherwise a missing key is an error: a new one would make the database unreadable and the
 * nodes distrust the server, and neither would be noticed before it hurts.
 * @throws config-invalid; file system errors
 */
export function loadFolderKeys(folder: string, random: Random, create: boolean): FolderKeys {
  ensurePrivateFolder(folder);
  const vaultPath = join(folder, VAULT_FILE);
  if (create) {
    if (!existsSync(vaultPath)) writeKeyFile(vaultPath, random.bytes(32));
    if (signingFiles(folder).length === 0)
      writeKeyFile(join(folder, FIRST_SIGNING_FILE), random.bytes(32));
    syncFolder(folder);
  }
  const names = signingFiles(folder);
  if (!existsSync(vaultPath) || names.length === 0)
    throw fail(`${folder} lacks its keys; bring them back from where you keep them`, "keys");
  const signingSeeds = names.map((name) => readKeyFile(join(folder, name)));
  return { signingSeeds, vaultKey: readKeyFile(vaultPath) };
}
