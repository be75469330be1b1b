import { closeSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file that only its owner can read: old or new, never half. A new file takes the old
 * one's place, because one that others may read, or a link that they laid, keeps its mode when
 * it is written over.
 * @throws file system errors
 */
export function writePrivateFile(path: string, data: string | Uint8Array): void {
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeFileSync(file, data);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
