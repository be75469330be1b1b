import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { ENTRY_LENGTH } from "../protocol/claims/lease-record.ts";
import type { LeaseStore, LeaseWitness, WitnessedRange } from "../protocol/claims/lease-store.ts";
import {
  decodeRanges,
  encodeRanges,
  isSameRecord,
  raised,
} from "../protocol/claims/storage-lease-store.ts";
import { isLatchkeyError, LatchkeyError } from "../protocol/errors.ts";
import { createDurably, writeDurably } from "./durable-file.ts";

/** How often a witness begins anew because another process was faster; then the use is lost. */
const ATTEMPTS = 64;

/**
 * A value that is replaced by whoever replaces it first, with no lock that a crash could leave
 * behind: version n + 1 is written to a file of its own, made durable, and *linked* to its name.
 * Linking gives one process the name and fails for all others. A version that was cleared away can
 * be linked again by somebody very slow, but then a higher one is there, and that loses.
 */
class VersionedFile {
  readonly #folder: string;
  readonly #prefix: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#prefix = `${name}.`;
  }

  read(): { readonly version: number; readonly bytes: Uint8Array | undefined } {
    for (;;) {
      const version = Math.max(0, ...this.#versions());
      if (version === 0) return { version, bytes: undefined };
      try {
        return { version, bytes: new Uint8Array(readFileSync(this.#path(version))) };
      } catch (error) {
        // Replaced and cleared away since the folder was read.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  }

  /** Whether `bytes` are the version after `version` now. Durable when `true`. */
  replace(version: number, bytes: Uint8Array): boolean {
    if (!createDurably(this.#path(version + 1), bytes)) return false;
    const versions = this.#versions();
    const won = Math.max(...versions) === version + 1;
    const old = versions.filter((one) => (won ? one < version + 1 : one === version + 1));
    for (const one of old) rmSync(this.#path(one), { force: true });
    return won;
  }

  #versions(): number[] {
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith(this.#prefix))
      .map((name) => Number(name.slice(this.#prefix.length)));
  }

  #path(version: number): string {
    return join(this.#folder, `${this.#prefix}${version}`);
  }
}

/** Runs what touches files: whatever goes wrong with them has one code. */
function withFiles<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (isLatchkeyError(error)) throw error;
    throw new LatchkeyError("file-unusable", { cause: error });
  }
}

/** Leases in a folder that only its owner can read. Several processes may share it. */
export class FileLeaseStore implements LeaseStore {
  readonly #folder: string;

  /** @throws file-unusable */
  constructor(folder: string) {
    withFiles(() => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    this.#folder = folder;
  }

  async read(keyId: string): Promise<Uint8Array | undefined> {
    return withFiles(() => this.#record(keyId).read().bytes);
  }

  async replace(
    keyId: string,
    expected: Uint8Array | undefined,
    next: Uint8Array,
  ): Promise<boolean> {
    return withFiles(() => {
      const record = this.#record(keyId);
      const { version, bytes } = record.read();
      return isSameRecord(bytes, expected) && record.replace(version, next);
    });
  }

  async putEntry(keyId: string, place: number, entry: Uint8Array): Promise<void> {
    withFiles(() => {
      const path = this.#journal(keyId);
      // Creates it without cutting it short.
      closeSync(openSync(path, "a", 0o600));
      writeDurably(path, "r+", entry, place * ENTRY_LENGTH);
    });
  }

  async entry(keyId: string, place: number): Promise<Uint8Array | undefined> {
    return withFiles(() => {
      const bytes = new Uint8Array(ENTRY_LENGTH);
      if (!existsSync(this.#journal(keyId))) return undefined;
      const file = openSync(this.#journal(keyId), "r");
      try {
        const length = readSync(file, bytes, 0, ENTRY_LENGTH, place * ENTRY_LENGTH);
        return length === ENTRY_LENGTH ? bytes : undefined;
      } finally {
        closeSync(file);
      }
    });
  }

  #record(keyId: string): VersionedFile {
    return new VersionedFile(this.#folder, keyId);
  }

  #journal(keyId: string): string {
    return join(this.#folder, `journal-${keyId}`);
  }
}

/** Whether a faster process has seen more already. */
function isCovered(
  known: readonly WitnessedRange[],
  { first, end, next }: WitnessedRange,
): boolean {
  return known.some((one) => one.first === first && one.end <= end && one.next >= next);
}

/** A witness in a folder: on another disk than the store, or it is restored together with it. */
export class FileLeaseWitness implements LeaseWitness {
  readonly #folder: string;

  /** @throws file-unusable */
  constructor(folder: string) {
    withFiles(() => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    this.#folder = folder;
  }

  async read(keyId: string): Promise<readonly WitnessedRange[]> {
    return withFiles(() => decodeRanges(this.#file(keyId).read().bytes ?? new Uint8Array(0)));
  }

  async raise(keyId: string, range: WitnessedRange): Promise<void> {
    withFiles(() => {
      const file = this.#file(keyId);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { version, bytes = new Uint8Array(0) } = file.read();
        const known = decodeRanges(bytes);
        if (isCovered(known, range) || file.replace(version, encodeRanges(raised(known, range))))
          return;
      }
      throw new LatchkeyError("busy", { message: "other writers of the witness were faster" });
    });
  }

  #file(keyId: string): VersionedFile {
    return new VersionedFile(this.#folder, `seen-${keyId}`);
  }
}
