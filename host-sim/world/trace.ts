import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

export interface TraceEntry {
  readonly timeUs: number;
  /** Which part of the world spoke: `i2c`, `nfc`, `relay`, `net`, `log` … */
  readonly source: string;
  readonly text: string;
}

/**
 * What happened, in order. The hash covers every entry ever recorded; the entries themselves are
 * kept up to a limit. Two runs of one seed are the same run exactly when their hashes agree.
 */
export class Trace {
  readonly #hash = sha256.create();
  readonly #entries: TraceEntry[] = [];
  readonly #limit: number;
  readonly #listeners: ((entry: TraceEntry) => void)[] = [];
  count = 0;

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  record(timeUs: number, source: string, text: string): void {
    this.count++;
    this.#hash.update(toUtf8(`${timeUs} ${source} ${text}\n`));
    const entry = { timeUs, source, text };
    this.#entries.push(entry);
    if (this.#entries.length > 2 * this.#limit) this.#entries.splice(0, this.#limit);
    for (const listener of this.#listeners) listener(entry);
  }

  onEntry(listener: (entry: TraceEntry) => void): void {
    this.#listeners.push(listener);
  }

  /** The newest entries, oldest first; of one source if that is given. */
  entries(source?: string): readonly TraceEntry[] {
    const kept = this.#entries.slice(-this.#limit);
    return source === undefined ? kept : kept.filter((entry) => entry.source === source);
  }

  /** SHA-256 of all so far, hexadecimal. */
  digest(): string {
    return toHex(this.#hash.clone().digest());
  }
}
