import { usageError } from "../cli/arguments.ts";

const LEVELS = ["debug", "info", "warn", "error", "none"] as const;
type Level = (typeof LEVELS)[number];

/** One line of a node's log: `{"n":7,"at_ms":1200,"level":"warn","event":"nfc-fault",…}`. */
export interface LogLine {
  readonly atMs: number;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line of text as an entry of the log, or `undefined` when it is something else. */
export function parseLogLine(text: string): LogLine | undefined {
  if (!text.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { n: _, at_ms: atMs, level, event, ...fields } = value as Record<string, unknown>;
  const whole =
    typeof atMs === "number" && typeof event === "string" && LEVELS.includes(level as Level);
  return whole ? { atMs, level: level as Level, event, fields } : undefined;
}

/** The part of an event's name before the first dash: `nfc` of `nfc-fault`. */
export function tagOf({ event }: LogLine): string {
  return event.split("-")[0]!;
}

/**
 * Which entries are shown. Made of words such as `warn` (for all) and `nfc=debug` (for one tag);
 * the last word for a tag counts.
 */
export class LogFilter {
  readonly #levels = new Map<string, number>();
  #fallback = 0;

  /** @throws usage */
  constructor(words: readonly string[]) {
    for (const word of words) {
      const [, tag, name] = /^(?:([a-z][a-z0-9]*)=)?([a-z]+)$/.exec(word) ?? [];
      const level = LEVELS.indexOf(name as Level);
      if (level < 0) throw usageError(`--level takes ${LEVELS.join(", ")} or tag=level`, "level");
      if (tag === undefined) this.#fallback = level;
      else this.#levels.set(tag, level);
    }
  }

  shows(line: LogLine): boolean {
    const threshold = this.#levels.get(tagOf(line)) ?? this.#fallback;
    return LEVELS.indexOf(line.level as Level) >= threshold;
  }
}
