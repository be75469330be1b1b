import { malformed } from "../protocol/errors.ts";
import { type JsonReader, type JsonValue, parseObject } from "../protocol/json/reader.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Names in the text, those that come twice counted twice: each has a colon outside of strings. */
function namesWritten(text: string): number {
  let names = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) inString = !inString;
    else if (inString) i += code === BACKSLASH ? 1 : 0;
    else if (code === COLON) names++;
  }
  return names;
}

function namesKept(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  const values: readonly JsonValue[] = Array.isArray(value) ? value : Object.values(value);
  const own = Array.isArray(value) ? 0 : values.length;
  return values.reduce((sum: number, each) => sum + namesKept(each), own);
}

/**
 * The object in a request's body. A name that comes twice is refused: what stands before this
 * server, and checks or logs what passes, may go by the first where `JSON.parse` keeps the last
 * (RFC 8259 §4).
 * @throws malformed
 */
export function parseBody(text: string): JsonReader {
  const body = parseObject(text);
  if (namesWritten(text) !== namesKept(body.value)) throw malformed("body", "a name twice");
  return body;
}
