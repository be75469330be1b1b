import { pino } from "pino";
import { Secret } from "../protocol/crypto/secret.ts";
import type { Log, LogFields, LogLevel } from "../protocol/platform.ts";
import type { WallClock } from "./wall-clock.ts";

const REDACTED = "[secret]";
const TEXT_LENGTH_MAX = 2000;

/**
 * What is a secret by its form, wherever it stands in a text (a path, the stack of an error): our
 * own tokens, tokens of sessions, and the password of a URL.
 */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/\b(lk[abep]_)[\w-]{20,}/g, `$1${REDACTED}`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED],
  [/(\w:\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${REDACTED}@`],
];

function clean(text: string): string {
  const cut = text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
  return FORMS.reduce((rest, [form, instead]) => rest.replace(form, instead), cut);
}

/**
 * By type: texts are cleaned and cut, so that nobody fills a disk through a path; what is neither
 * text nor number nor truth value does not fit `LogFields`, and is withheld where it comes all the
 * same. Bytes are always taken for a key.
 */
function redact(value: unknown): unknown {
  if (typeof value === "string") return clean(value);
  if (typeof value === "number" || typeof value === "boolean" || value === undefined) return value;
  if (value instanceof Secret || ArrayBuffer.isView(value)) return REDACTED;
  return value instanceof Error ? clean(value.message) : "[object]";
}

function redacted(fields: LogFields): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) shown[name] = redact(value);
  return shown;
}

/**
 * One JSON object per line, by pino.
 * @param write takes one line, its end included
 */
export function createJsonLog(
  write: (line: string) => void,
  clock: WallClock,
  lowest: LogLevel = "info",
): Log {
  const options = {
    base: null,
    level: lowest,
    timestamp: () => `,"time":"${new Date(clock.unixMs()).toISOString()}"`,
    formatters: { level: (level: string) => ({ level }) },
  };
  const logger = pino(options, { write });
  return {
    write(level, event, fields = {}) {
      if (logger.isLevelEnabled(level)) logger[level]({ event, ...redacted(fields) });
    },
  };
}
