import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes at a place in its owner's file, and waits for the disk. @throws file system errors */
export function writeDurably(path: string, flags: string, bytes: Uint8Array, at: number): void {
  const file = openSync(path, flags, 0o600);
  try {
    writeSync(file, bytes, 0, bytes.length, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Waits until the names in a folder are on the disk. @throws file system errors */
export function syncFolder(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Gives whole, durable bytes a name that nothing has yet. Linking gives one process the name and
 * fails for all others. `false` when the name was taken. @throws file system errors
 */
export function createDurably(path: string, bytes: Uint8Array): boolean {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomUUID()}`);
  writeDurably(temporary, "wx", bytes, 0);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(folder);
  return true;
}

/** Puts whole, durable bytes in a file's place, or where none is. @throws file system errors */
export function replaceDurably(path: string, bytes: Uint8Array): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomUUID()}`);
  writeDurably(temporary, "wx", bytes, 0);
  renameSync(temporary, path);
  syncFolder(folder);
}
