import type { Context } from "../cli/context.ts";
import { PASSWORD_ENV, TOKEN_ENV } from "../provision/wanted.ts";
import { READER_FILE, resolvePath } from "../reader-file.ts";

const REDACTED = "[secret]";

/** Fields of a configuration or a journal whose values nobody must see. */
const FIELDS = "comm_key|df1|df2|enrol_token|password|seed|admin_token|node_key";
/** A value without quotes has no short words: "password: must have 8 characters" is no secret. */
const VALUE = '"[^"]*"|[\\w+/=.-]{12,}';
const FIELD = new RegExp(`("?\\b(?:${FIELDS})"?\\s*[:=]\\s*)(${VALUE})`, "gi");
/** Tokens of operators and of enrolment (docs/server.md). */
const TOKEN = /\blk[aep]_[A-Za-z0-9_-]{8,}/g;
/** Shorter ones are words that stand in other text as well. */
const SECRET_CHARS_MIN = 8;

/** Takes secrets out of what a node says: a defect there must not end up in a transcript. */
export class Redaction {
  readonly #known: readonly string[];

  /** @param known secrets of this place, in each form in which they are written */
  constructor(known: readonly string[] = []) {
    const longest = [...new Set(known)].sort((a, b) => b.length - a.length);
    this.#known = longest.filter(({ length }) => length >= SECRET_CHARS_MIN);
  }

  apply(text: string): string {
    let out = text;
    for (const secret of this.#known) out = out.replaceAll(secret, REDACTED);
    return out
      .replace(FIELD, (all, name: string, value: string) => {
        if (value.includes(REDACTED)) return all;
        return `${name}${value.startsWith('"') ? `"${REDACTED}"` : REDACTED}`;
      })
      .replace(TOKEN, REDACTED);
  }
}

/** What must not appear here: the secrets of the configuration in this folder and of the shell. */
export function secretsOf(context: Context): string[] {
  const { env } = context;
  const given = [env[PASSWORD_ENV], env[TOKEN_ENV], env["LATCHKEY_TOKEN"]];
  const config = configOf(context);
  const keys = [config["comm_key"], config["df1"]].flatMap(spellings);
  const wifi = (config["wifi"] ?? {}) as Record<string, unknown>;
  const all = [...given, ...keys, config["enrol_token"], wifi["password"]];
  return all.filter((value) => typeof value === "string");
}

function configOf(context: Context): Record<string, unknown> {
  try {
    const text = context.readText(resolvePath(context, READER_FILE));
    const value: unknown = text === undefined ? {} : JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // a broken file is not what the console is asked about
  }
}

/** A key as the configuration has it, and as a careless program would print it. */
function spellings(key: unknown): string[] {
  if (typeof key !== "string") return [];
  const bytes = Buffer.from(key, "base64url");
  const hex = bytes.toString("hex");
  return [key, bytes.toString("base64"), bytes.toString("base64url"), hex, hex.toUpperCase()];
}
