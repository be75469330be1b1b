import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBase64, toBase64 } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { writePrivateFile } from "../../server/private-file.ts";
import type { ChipSnapshot } from "../nfc/chip-snapshot.ts";

/** What the desk remembers from one run to the next. It holds keys: the file is 0600. */
export interface DeskMemory {
  readonly otherTenantId?: string;
  /** The reader's flash: its identity survives, as on a board. */
  readonly flash?: Uint8Array;
  /** The reader's chip: what its flash holds sealed opens on no other. */
  readonly chipId?: string;
  readonly badges: Readonly<Record<string, ChipSnapshot>>;
}

const FILE = "desk.json";

/** @throws storage-corrupt */
export function loadDesk(folder: string): DeskMemory {
  const path = join(folder, FILE);
  if (!existsSync(path)) return { badges: {} };
  try {
    const read = JSON.parse(readFileSync(path, "utf8"));
    const flash = read.flash === undefined ? {} : { flash: fromBase64(read.flash) };
    const chip = typeof read.chipId === "string" ? { chipId: read.chipId } : {};
    return { otherTenantId: read.otherTenantId, badges: read.badges ?? {}, ...flash, ...chip };
  } catch (cause) {
    throw deskDamaged(folder, cause);
  }
}

/** What to say, and to do, about a memory that cannot be used. */
export function deskDamaged(folder: string, cause: unknown): LatchkeyError {
  const path = join(folder, FILE);
  return new LatchkeyError("storage-corrupt", {
    cause,
    message: `${path} is damaged. Remove it to start with a new reader and new badges.`,
  });
}

/** Old or new, never half. */
export function saveDesk(folder: string, memory: DeskMemory): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FILE);
  const flash = memory.flash === undefined ? {} : { flash: toBase64(memory.flash) };
  const text = JSON.stringify({ ...memory, ...flash });
  writePrivateFile(path, text);
}
