import type { TCP, TCPConstructor } from "../../../hal/ecma419.ts";
import { toUtf8 } from "../../../protocol/encoding/utf8.ts";
import { LatchkeyError, toLatchkeyError } from "../../../protocol/errors.ts";
import type { HttpRequest, HttpResponse, Timer } from "../../../protocol/platform.ts";
import { HttpResponseReader } from "./http-response.ts";
import { type HttpUrl, isIpv4, parseHttpUrl } from "./http-url.ts";

/** Opens a connection; `address` is an IPv4 address, `host` the name for TLS. */
export type Connect = (
  url: HttpUrl,
  address: string,
  handlers: ConnectionHandlers,
) => Pick<TCP, "read" | "write" | "close">;

export interface ConnectionHandlers {
  readonly onReadable: (count: number) => void;
  readonly onWritable: (count: number) => void;
  /** The connection is over; with the reason when it is more than that. */
  readonly onError: (reason?: LatchkeyError) => void;
}

export interface HttpClientOptions {
  readonly timer: Timer;
  /** Name to IPv4 address, `undefined` when there is none; calls back once. */
  readonly resolve: (host: string, callback: (address: string | undefined) => void) => void;
  readonly connect: Connect;
}

/**
 * Requests over ECMA-419 TCP sockets, one connection each. What the SDK brings would do for a
 * friendly server; its client throws out of a callback of C when a status line has no reason,
 * which ends the program, and keeps answers of any length.
 */
export class TcpHttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** @throws network-timeout, network-failed */
  request(request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      new Exchange(this.#options, request, resolve, (error) => reject(error)).start();
    });
  }
}

/** One request from name to answer. Ends exactly once, and leaves no socket and no timer behind. */
class Exchange {
  readonly #options: HttpClientOptions;
  readonly #request: HttpRequest;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: LatchkeyError) => void;
  readonly #reader = new HttpResponseReader();
  #socket: Pick<TCP, "read" | "write" | "close"> | undefined;
  #limit: ReturnType<Timer["set"]> | undefined;
  #toSend = new Uint8Array(0);
  #ended = false;

  constructor(
    options: HttpClientOptions,
    request: HttpRequest,
    resolve: (response: HttpResponse) => void,
    reject: (error: LatchkeyError) => void,
  ) {
    this.#options = options;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    const { timer, resolve } = this.#options;
    const { url, timeoutMs } = this.#request;
    this.#limit = timer.set(() => this.#fail(new LatchkeyError("network-timeout")), timeoutMs);
    this.#guard(() => {
      const parts = parseHttpUrl(url);
      if (isIpv4(parts.host)) this.#connect(parts, parts.host);
      else resolve(parts.host, (address) => this.#resolved(parts, address));
    });
  }

  #resolved(url: HttpUrl, address: string | undefined): void {
    if (this.#ended) return;
    if (address === undefined) {
      const message = `the name ${url.host} has no address`;
      this.#fail(new LatchkeyError("network-failed", { message }));
      return;
    }
    this.#guard(() => this.#connect(url, address));
  }

  #connect(url: HttpUrl, address: string): void {
    this.#toSend = requestBytes(url, this.#request);
    this.#socket = this.#options.connect(url, address, {
      onReadable: (count) => this.#guard(() => this.#readable(count)),
      onWritable: (count) => this.#guard(() => this.#writable(count)),
      onError: (reason) =>
        reason === undefined ? this.#guard(() => this.#closed()) : this.#fail(reason),
    });
  }

  #readable(count: number): void {
    if (count <= 0) return;
    const buffer = this.#socket?.read(count);
    if (buffer === undefined) return;
    this.#reader.push(new Uint8Array(buffer));
    this.#finish();
  }

  #writable(room: number): void {
    if (this.#toSend.length === 0 || room <= 0) return;
    const part = this.#toSend.slice(0, room);
    this.#toSend = this.#toSend.slice(part.length);
    this.#socket?.write(part);
  }

  #closed(): void {
    this.#reader.end();
    this.#finish();
  }

  #finish(): void {
    const { response } = this.#reader;
    if (response === undefined) return;
    this.#end();
    this.#resolve(response);
  }

  /** Whatever goes wrong inside of a callback ends this exchange, never the program. */
  #guard(work: () => void): void {
    if (this.#ended) return;
    try {
      work();
    } catch (error) {
      const known = toLatchkeyError(error, "network-failed");
      const isStated = known.code.startsWith("tls-") || known.code === "network-failed";
      this.#fail(isStated ? known : new LatchkeyError("network-failed", { cause: error }));
    }
  }

  #fail(error: LatchkeyError): void {
    if (this.#ended) return;
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#ended = true;
    if (this.#limit !== undefined) this.#options.timer.clear(this.#limit);
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      socket?.close();
    } catch {
      // It closed itself.
    }
  }
}

function requestBytes(
  url: HttpUrl,
  { method, headers, body }: HttpRequest,
): Uint8Array<ArrayBuffer> {
  const content = toUtf8(body);
  const lines = [
    `${method} ${url.path} HTTP/1.1`,
    `host: ${url.authority}`,
    "connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(method === "GET" ? [] : [`content-length: ${content.length}`]),
  ];
  if (lines.some((line) => !/^[ -~]*$/.test(line)))
    throw new LatchkeyError("network-failed", { message: "a header of the request is not text" });
  const head = toUtf8(`${lines.join("\r\n")}\r\n\r\n`);
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

/** A connector over plain TCP sockets of one class. What was meant for https is never sent so. */
export function plainConnect(Tcp: TCPConstructor): Connect {
  return (url, address, { onError, ...handlers }) => {
    if (url.secure) throw new LatchkeyError("tls-unavailable");
    const { port } = url;
    return new Tcp({ address, port, nodelay: true, ...handlers, onError: () => onError() });
  };
}
