/** As much as is looked at of the requests of `node:http`, Express, Fastify, Hono and `fetch`. */
export interface HeaderSource {
  readonly raw?: HeaderSource;
  readonly req?: HeaderSource;
  readonly request?: HeaderSource;
  readonly headers: Headers | Readonly<Record<string, string | string[] | undefined>>;
  readonly method: string;
  readonly url: string;
  /** Express: before a router cuts off where it is mounted. */
  readonly originalUrl?: string;
  readonly body?: unknown;
  readonly bodyUsed?: boolean;
  text?(): Promise<string>;
}

export interface ReadRequest {
  /** The framework's innermost request: what an answer is found by. */
  readonly source: object;
  readonly header: (name: string) => string | undefined;
  readonly method: string;
  /** Path and query, as the application sent them. */
  readonly target: string;
  /** The envelope. */
  readonly body: string;
}

/** No envelope is longer. */
const BODY_MAX = 16 * 1024;

/** Fastify and Hono wrap the request in `raw`. */
const innermost = (request: HeaderSource): HeaderSource => request.raw ?? request;

async function readStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    // Read to its end, or the connection would end before the refusal; but not into memory.
    if (length <= BODY_MAX) parts.push(part);
  }
  return length > BODY_MAX ? "" : Buffer.concat(parts).toString();
}

async function bodyOf(request: HeaderSource): Promise<string> {
  const { body } = request;
  const inner = innermost(request);
  if (inner.headers instanceof Headers) {
    // Hono still has what a handler before us has read.
    if (inner.bodyUsed || inner.body === null) return request.text!();
    return readStream(inner.body as AsyncIterable<Uint8Array>);
  }
  if (body === undefined) return readStream(inner as unknown as AsyncIterable<Uint8Array>);
  // A parser was here before us; an envelope is flat and the same when it is written again.
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? Buffer.from(body).toString() : JSON.stringify(body);
}

/** A request of any of them. */
export async function readRequest(given: HeaderSource): Promise<ReadRequest> {
  // Hono's context has its request in `req`.
  const request = given.headers === undefined && given.req ? given.req : given;
  const source = innermost(request);
  const { headers, method } = source;
  const header = (name: string): string | undefined => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name];
    return typeof value === "string" ? value : undefined;
  };
  const isWeb = headers instanceof Headers;
  const { pathname, search } = isWeb ? new URL(source.url) : { pathname: "", search: "" };
  const target = isWeb ? `${pathname}${search}` : (request.originalUrl ?? source.url);
  return { source, header, method, target, body: await bodyOf(request) };
}

/** The request that a response answers: of Fastify's reply, Hono's context, a `ServerResponse`. */
export function requestBehind(response: unknown): object {
  const given = response as HeaderSource;
  return innermost(given.request ?? given.req ?? given);
}
