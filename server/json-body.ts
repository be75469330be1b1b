import { malformed } from "../protocol/errors.ts";
import { type JsonReader, type JsonValue, parseObject } from "../protocol/json/reader.ts";

const BACKSLASH = 0x5c;

/** Where the string ends that begins at that quote. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

/** How many names stand in JSON that was parsed: strings that a colon follows. */
function namesWritten(text: string): number {
  let names = 0;
  for (let start = text.indexOf('"'); start >= 0; ) {
    const end = endOfString(text, start);
    let next = end + 1;
    while (text.charCodeAt(next) <= 0x20) next++;
    if (text[next] === ":") names++;
    start = text.indexOf('"', next);
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
