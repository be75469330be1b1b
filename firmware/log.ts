import type { ErrorCode } from "../protocol/error-codes.ts";
import type { Clock, Log, LogFields, LogLevel } from "../protocol/platform.ts";

export interface LogEntry {
  /** Rises by one with every entry; a gap in a listing shows what was dropped. */
  readonly number: number;
  /** Milliseconds since boot. */
  readonly atMs: number;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

const LEVELS: readonly LogLevel[] = Object.freeze(["debug", "info", "warn", "error"] as const);
const FIELDS_MAX = 12;
const TEXT_MAX = 120;

export interface RingLogOptions {
  readonly clock: Clock;
  /** Entries that are kept; the oldest go first. 100 unless told. */
  readonly capacity?: number;
  /** Entries below are not kept. `info` unless told. */
  readonly level?: LogLevel;
  /** Gets every entry that is kept: the platform's own log. */
  readonly forward?: Log;
}

/**
 * The log of the node: the last entries in memory, bounded in number and size, so that a fault
 * that repeats cannot fill the heap. Events have stable kebab-case names; see docs/firmware.md.
 */
export class RingLog implements Log {
  readonly #options: RingLogOptions;
  readonly #capacity: number;
  readonly #threshold: number;
  readonly #entries: LogEntry[] = [];
  #count = 0;

  constructor(options: RingLogOptions) {
    this.#options = options;
    this.#capacity = Math.max(1, options.capacity ?? 100);
    this.#threshold = LEVELS.indexOf(options.level ?? "info");
  }

  write(level: LogLevel, event: string, fields: LogFields & { code?: ErrorCode } = {}): void {
    if (LEVELS.indexOf(level) < this.#threshold) return;
    this.#count++;
    this.#entries.push({
      number: this.#count,
      atMs: Math.round(this.#options.clock.monotonicMs()),
      level,
      event,
      fields: bounded(fields),
    });
    if (this.#entries.length > this.#capacity) this.#entries.shift();
    this.#options.forward?.write(level, event, fields);
  }

  /** The last `count` entries of at least `level`, oldest first. */
  last(count: number, level: LogLevel = "debug"): LogEntry[] {
    const threshold = LEVELS.indexOf(level);
    const wanted = this.#entries.filter((entry) => LEVELS.indexOf(entry.level) >= threshold);
    return count <= 0 ? [] : wanted.slice(-count);
  }

  /** Entries that were written since boot, those dropped included. */
  get count(): number {
    return this.#count;
  }
}

/** One entry as a line of JSON. A field cannot take the place of what every entry has. */
export function logLine(entry: LogEntry): string {
  const { number, atMs, level, event, fields } = entry;
  const head = { n: number, at_ms: atMs, level, event };
  return JSON.stringify({ ...head, ...fields, ...head });
}

/** Only plain values, and not too many: an object that slipped past the types is not printed. */
function bounded(fields: LogFields): Record<string, string | number | boolean> {
  const out: Record<string, string | number | boolean> = {};
  let left = FIELDS_MAX;
  const names = Object.keys(fields);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const value = fields[name];
    if (value === undefined) continue;
    if (left-- <= 0) break;
    if (typeof value === "number" || typeof value === "boolean") out[name] = value;
    else if (typeof value === "string") out[name] = value.slice(0, TEXT_MAX);
    else out[name] = "[not shown]";
  }
  return out;
}
