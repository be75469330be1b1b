import { concat } from "../../../protocol/encoding/bytes.ts";
import { fromUtf8 } from "../../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { HttpResponse } from "../../../protocol/platform.ts";

/** Status line and headers together. A server of ours sends about 300 bytes. */
export const HEAD_BYTES_MAX = 4096;
/** No answer of the protocol comes near; what is longer would only fill the heap. */
export const BODY_BYTES_MAX = 16_384;

const CR = 0x0d;
const LF = 0x0a;

type Part = "head" | "length" | "until-close" | "chunk-size" | "chunk" | "chunk-end" | "trailer";

/**
 * An HTTP/1.1 answer out of the bytes of a connection, in pieces of any size (RFC 9112 §2-7).
 * Strict where two readers could disagree about where a message ends: no bare LF, no folded
 * headers, never both Content-Length and Transfer-Encoding.
 */
export class HttpResponseReader {
  #part: Part = "head";
  #line: number[] = [];
  #headBytes = 0;
  #status = 0;
  readonly #headers: Record<string, string> = {};
  #body: Uint8Array[] = [];
  #bodyBytes = 0;
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = 0;
  #done = false;

  /** The whole answer, once it is there. */
  get response(): HttpResponse | undefined {
    if (!this.#done) return undefined;
    const headers = { ...this.#headers };
    return { status: this.#status, headers, body: fromUtf8(concat(...this.#body), "body") };
  }

  /** Takes what came. Bytes after the end of the answer are ignored. @throws network-failed */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#done; ) {
      if (this.#part === "length" || this.#part === "chunk") {
        const use = Math.min(this.#left, bytes.length - at);
        this.#take(bytes.slice(at, at + use));
        at += use;
        this.#left -= use;
        if (this.#left > 0) continue;
        if (this.#part === "chunk") this.#part = "chunk-end";
        else this.#done = true;
      } else if (this.#part === "until-close") {
        this.#take(bytes.slice(at));
        return;
      } else {
        this.#lineByte(bytes[at++]!);
      }
    }
  }

  /** The connection has ended. @throws network-failed when that is in the middle of an answer */
  end(): void {
    if (this.#part === "until-close") this.#done = true;
    if (!this.#done) throw broken("the connection ended in the middle of the answer");
  }

  #take(bytes: Uint8Array): void {
    this.#bodyBytes += bytes.length;
    if (this.#bodyBytes > BODY_BYTES_MAX) throw broken("the answer is too long");
    this.#body.push(bytes);
  }

  #lineByte(byte: number): void {
    if (++this.#headBytes > HEAD_BYTES_MAX) throw broken("the answer's headers are too long");
    if (byte !== LF) {
      this.#line.push(byte);
      return;
    }
    if (this.#line.pop() !== CR) throw broken("a line of the answer does not end in CR LF");
    const line = String.fromCharCode(...this.#line);
    this.#line = [];
    this.#handleLine(line);
  }

  #handleLine(line: string): void {
    switch (this.#part) {
      case "head":
        this.#headLine(line);
        return;
      case "chunk-size":
        this.#chunkSize(line);
        return;
      case "chunk-end":
        if (line !== "") throw broken("a chunk is longer than it says");
        this.#part = "chunk-size";
        return;
      default:
        // A trailer's fields say nothing to us; the empty line ends the answer.
        if (line === "") this.#done = true;
    }
  }

  #headLine(line: string): void {
    if (this.#status === 0) {
      // RFC 9112 §4: the reason may be empty, and some servers leave out its space.
      const match = /^HTTP\/1\.[01] ([1-5][0-9][0-9])(?: .*)?$/.exec(line);
      if (match === null) throw broken("whatever answers does not speak HTTP/1.1");
      this.#status = Number(match[1]);
      return;
    }
    if (line !== "") {
      this.#header(line);
      return;
    }
    if (this.#status >= 200) this.#beginBody();
    else this.#status = 0; // 1xx: the real answer follows
  }

  #header(line: string): void {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) throw broken("a header of the answer is damaged");
    const name = match[1]!.toLowerCase();
    const before = Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined;
    if (before !== undefined && name === "content-length" && before !== match[2])
      throw broken("the answer has two lengths");
    this.#headers[name] = match[2]!;
  }

  #beginBody(): void {
    const coding = this.#headers["transfer-encoding"];
    const length = this.#headers["content-length"];
    if (this.#status === 204 || this.#status === 304) {
      this.#done = true;
    } else if (coding !== undefined) {
      if (length !== undefined) throw broken("the answer has a length and chunks");
      if (coding.toLowerCase() !== "chunked") throw broken("the answer's coding is not known");
      this.#part = "chunk-size";
    } else if (length !== undefined) {
      if (!/^[0-9]{1,9}$/.test(length)) throw broken("the answer's length is not a number");
      this.#left = Number(length);
      if (this.#left > BODY_BYTES_MAX) throw broken("the answer is too long");
      this.#part = "length";
      this.#done = this.#left === 0;
    } else {
      this.#part = "until-close";
    }
  }

  #chunkSize(line: string): void {
    const match = /^([0-9A-Fa-f]{1,7})[ \t]*(?:;.*)?$/.exec(line);
    if (match === null) throw broken("a chunk's length is damaged");
    this.#left = Number.parseInt(match[1]!, 16);
    this.#part = this.#left === 0 ? "trailer" : "chunk";
  }
}

function broken(message: string): LatchkeyError {
  return new LatchkeyError("network-failed", { message });
}
