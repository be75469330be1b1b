import { concat, uintBE } from "../encoding/bytes.ts";
import { fromUtf8, toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";

/** A request of the node, for the gateway to carry to the server. */
export interface WiredRequest {
  readonly kind: "request";
  /** Given back with the answer. */
  readonly id: number;
  readonly timeoutMs: number;
  /** Below the base URL that the gateway has; see `PATH`. */
  readonly path: string;
  /** The value of the header, or empty. */
  readonly authorization: string;
  readonly body: string;
}

export interface WiredResponse {
  readonly kind: "response";
  readonly id: number;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The gateway got no answer. */
export interface WiredFailure {
  readonly kind: "failure";
  readonly id: number;
  readonly reason: "network-down" | "network-timeout" | "network-failed";
}

export type WiredMessage = WiredRequest | WiredResponse | WiredFailure;

const REQUEST = 1;
const RESPONSE = 2;
const FAILURE = 3;
const REASONS = Object.freeze(["network-down", "network-timeout", "network-failed"] as const);
const BODY_MAX = 36_000;
const TEXT_MAX = 2_200;

/**
 * ```
 * request:   01 | id u32 | timeout ms u32 | path | authorization | body
 * response:  02 | id u32 | status u16     | content type         | body
 * failure:   03 | id u32 | reason u8
 * ```
 * Numbers are big-endian; texts are UTF-8 behind their length (u16), the body is what is left.
 */
export function writeWiredMessage(message: WiredMessage): Uint8Array {
  if (message.kind === "request") return writeRequest(message);
  const id = uintBE(message.id, 4);
  if (message.kind === "failure")
    return concat(Uint8Array.of(FAILURE), id, Uint8Array.of(REASONS.indexOf(message.reason)));
  const status = uintBE(message.status, 2);
  const type = toUtf8(message.contentType);
  const body = toUtf8(message.body);
  return concat(Uint8Array.of(RESPONSE), id, status, uintBE(type.length, 2), type, body);
}

/** A node's. To its engine an array is dearer than the bytes in it, so they are few. */
function writeRequest(request: WiredRequest): Uint8Array {
  const { id, timeoutMs: ms } = request;
  const path = toUtf8(request.path);
  const authorization = toUtf8(request.authorization);
  const { length: p } = path;
  const { length: a } = authorization;
  const head = new Uint8Array(11);
  head[0] = REQUEST;
  putWord(head, 1, id);
  putWord(head, 5, ms);
  head[9] = p >> 8;
  head[10] = p;
  return concat(head, path, Uint8Array.of(a >> 8, a), authorization, toUtf8(request.body));
}

/** @throws RangeError for what is no unsigned number of 32 bits */
function putWord(bytes: Uint8Array, at: number, value: number): void {
  if (value >>> 0 !== value) throw new RangeError(`${value} does not fit 4 bytes`);
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

class Bytes {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint(size: number): number {
    const bytes = this.#bytes;
    const start = this.#at;
    if (start + size > bytes.length) throw malformed("message", "too short");
    this.#at = start + size;
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + bytes[start + i]!;
    return value;
  }

  text(field: string): string {
    const length = this.uint(2);
    if (length > TEXT_MAX) throw malformed(field, "too long");
    return fromUtf8(this.#take(length), field);
  }

  rest(field: string): string {
    const length = this.#bytes.length - this.#at;
    if (length > BODY_MAX) throw malformed(field, "too long");
    return fromUtf8(this.#take(length), field);
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw malformed("message", "too short");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Segments of an endpoint's name. No scheme, no host, no query, no step upwards. */
function isEndpoint(path: string): boolean {
  if (path.length > 128) return false;
  return path.split("/").every((part) => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(part));
}

/** @throws malformed */
export function parseWiredMessage(bytes: Uint8Array): WiredMessage {
  const reader = new Bytes(bytes);
  const type = reader.uint(1);
  const id = reader.uint(4);
  if (type === FAILURE) {
    const reason = REASONS[reader.uint(1)];
    if (reason === undefined) throw malformed("reason", "unknown");
    return { kind: "failure", id, reason };
  }
  if (type === RESPONSE) {
    const status = reader.uint(2);
    if (status < 100 || status > 599) throw malformed("status", "not one of HTTP");
    const contentType = reader.text("content_type");
    return { kind: "response", id, status, contentType, body: reader.rest("body") };
  }
  if (type !== REQUEST) throw malformed("message", "unknown kind");
  const timeoutMs = reader.uint(4);
  const path = reader.text("path");
  if (!isEndpoint(path)) throw malformed("path", "not an endpoint's name");
  const authorization = reader.text("authorization");
  if (/[^\x21-\x7e ]/.test(authorization)) throw malformed("authorization", "not printable");
  return { kind: "request", id, timeoutMs, path, authorization, body: reader.rest("body") };
}
