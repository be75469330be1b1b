/** Longest line that is kept; nothing that the console understands is longer. */
export const LINE_BYTES_MAX = 128;

export type LineEvent =
  | { readonly type: "line"; readonly text: string }
  | { readonly type: "too-long" }
  /** Ctrl-C. */
  | { readonly type: "cancel" }
  /** What a terminal that does not show typing itself has to be sent. */
  | { readonly type: "echo"; readonly text: string };

const BACKSPACE = 0x08;
const DELETE = 0x7f;
const CTRL_C = 0x03;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Bytes from a terminal to lines. Ends at CR, LF or CRLF; understands backspace and Ctrl-C;
 * leaves out everything that is not printable ASCII. Memory is bounded whatever comes in.
 */
export class LineReader {
  #text = "";
  #overlong = false;
  #afterCr = false;

  /** The text typed so far. */
  get pending(): string {
    return this.#text;
  }

  push(bytes: Uint8Array): LineEvent[] {
    const events: LineEvent[] = [];
    let echo = "";
    for (const byte of bytes) {
      const before = this.#text.length;
      const event = this.#byte(byte);
      const grown = this.#text.length - before;
      if (event !== undefined) {
        events.push({ type: "echo", text: `${echo}${event.type === "cancel" ? "^C" : ""}\r\n` });
        events.push(event);
        echo = "";
      } else if (grown > 0) echo += String.fromCharCode(byte);
      else if (grown < 0) echo += "\b \b";
    }
    if (echo !== "") events.push({ type: "echo", text: echo });
    return events;
  }

  #byte(byte: number): LineEvent | undefined {
    const afterCr = this.#afterCr;
    this.#afterCr = byte === CR;
    if (byte === LF && afterCr) return undefined;
    if (byte === CR || byte === LF) return this.#end();
    if (byte === CTRL_C) {
      this.#clear();
      return { type: "cancel" };
    }
    if (byte === BACKSPACE || byte === DELETE) this.#text = this.#text.slice(0, -1);
    else if (byte >= 0x20 && byte < 0x7f) this.#add(byte);
    return undefined;
  }

  #add(byte: number): void {
    if (this.#text.length < LINE_BYTES_MAX) this.#text += String.fromCharCode(byte);
    else this.#overlong = true;
  }

  #end(): LineEvent {
    const overlong = this.#overlong;
    const text = this.#text;
    this.#clear();
    return overlong ? { type: "too-long" } : { type: "line", text };
  }

  #clear(): void {
    this.#text = "";
    this.#overlong = false;
  }
}
