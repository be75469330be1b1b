import { byteWork } from "../encoding/byte-work.ts";
import { PIECE } from "../encoding/code-text.ts";
import { malformed } from "../errors.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Refuses deep nesting before `JSON.parse` sees it: engines parse recursively, and on the device
 * an exhausted C stack is a crash, not an exception. Counts brackets outside strings; whether
 * they match is left to the parser. Takes a text in pieces, as it comes.
 */
export class Nesting {
  readonly #field: string;
  readonly #depthMax: number;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(field: string, depthMax: number) {
    this.#field = field;
    this.#depthMax = depthMax;
  }

  /** @throws malformed */
  take(piece: string): void {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    const { length } = piece;
    for (let i = 0; i < length; i++) {
      const code = piece.charCodeAt(i);
      if (inString) {
        if (escaped) escaped = false;
        else if (code === BACKSLASH) escaped = true;
        else if (code === QUOTE) inString = false;
      } else if (code === QUOTE) inString = true;
      else if (code === 0x5b || code === 0x7b) {
        if (++depth > this.#depthMax) throw malformed(this.#field, "nested too deeply");
      } else if (code === 0x5d || code === 0x7d) depth--;
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
  }
}

/** The same of a whole text. @throws malformed */
export function checkDepth(text: string, field: string, depthMax: number): void {
  if (byteWork !== undefined) {
    if (byteWork.isNestedDeeper(text, depthMax)) throw malformed(field, "nested too deeply");
    return;
  }
  const nesting = new Nesting(field, depthMax);
  // In pieces: XS without its cache looks for each unit from the start of what it is given.
  for (let at = 0; at < text.length; at += PIECE) nesting.take(text.slice(at, at + PIECE));
}
