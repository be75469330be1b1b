import type { Socket } from "node:net";
import { Readable } from "node:stream";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { LatchkeyError, malformed } from "../protocol/errors.ts";
import { MAX_BODY_LENGTH } from "../protocol/json/reader.ts";
import type { Log } from "../protocol/platform.ts";
import type { ServiceResponse } from "./context.ts";
import { failureResponse, problemResponse } from "./response.ts";
import type { Service } from "./service.ts";

export interface ServerOptions {
  readonly service: Service;
  readonly log: Log;
  /** Makes a request's id; it is in the log, in the answer and on an internal error. */
  readonly requestId: () => string;
  /**
   * Whether `X-Forwarded-For` is believed, or from which proxies (addresses or CIDR). Off when
   * absent: anyone could write it and so escape the limits by address.
   */
  readonly trustProxy?: boolean | string;
  /** How long a client may take over its request; 10 s when absent. */
  readonly requestTimeoutMs?: number;
}

/** A nonsense path must not fill the log or memory. */
const URL_LENGTH_MAX = 512;

/** A listener that takes nothing for so long is gone; a heartbeat comes more often. */
const STREAM_IDLE_MS = 60_000;

function send(reply: FastifyReply, response: ServiceResponse): FastifyReply {
  if (response.stream !== undefined) {
    reply.raw.socket?.setTimeout(STREAM_IDLE_MS);
    // One piece at a time: what a slow listener does not take is not fetched.
    const source = Readable.from(response.stream, { highWaterMark: 1 });
    // Its connection ends with it: one that stayed would hold up the end of the server.
    const headers = { ...response.headers, connection: "close" };
    return reply.code(response.status).headers(headers).send(source);
  }
  // As bytes: to a string Fastify would add a charset, which JSON does not have (RFC 8259 §11).
  return reply.code(response.status).headers(response.headers).send(Buffer.from(response.body));
}

/** Bytes of a body to text. Strict: what is not UTF-8 must not become something else. */
function decodeBody(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("body", "not UTF-8");
  }
}

/** What Fastify itself refuses, with its status, in our words. */
function refusal(error: FastifyError): { error: LatchkeyError; status?: number } | undefined {
  if (error instanceof LatchkeyError) return { error };
  const status = error.statusCode ?? 500;
  if (status === 413)
    return { error: malformed("body", `longer than ${MAX_BODY_LENGTH} bytes`), status };
  if (status === 415) return { error: malformed("content-type", "not application/json"), status };
  if (status >= 400 && status < 500)
    return { error: malformed("request", "not an acceptable HTTP request") };
  if (status === 503) return { error: new LatchkeyError("unavailable") };
  return undefined;
}

const REASONS: Readonly<Record<number, string>> = Object.freeze({
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
});

/** What is not even HTTP; there is no reply object yet, so the answer is written by hand. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  const slow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = slow ? 408 : error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  const { headers, body } = problemResponse(malformed("request", "not an HTTP request"), status);
  const lines = Object.entries({
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${REASONS[status]}\r\n${lines.join("")}\r\n${body}`);
}

/**
 * HTTP around a service, and nothing else: sizes, times, request ids, a line in the log. Answers
 * only in problem documents (RFC 9457) when it refuses, and never with a stack trace.
 * `close()` stops taking connections, lets requests under way end, then closes the service.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { service, log, requestId, trustProxy = false, requestTimeoutMs = 10_000 } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_LENGTH,
    trustProxy,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    // A client that sends a byte now and then is not idle: somebody has to look at the whole time.
    // Of two different times Node gives the body the longer one, whichever it was meant for.
    http: {
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(2000, requestTimeoutMs / 2),
    },
    keepAliveTimeout: 72_000,
    genReqId: requestId,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: URL_LENGTH_MAX },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) => {
      const response = problemResponse(refusal(error)?.error ?? new LatchkeyError("not-found"));
      void reply.header("x-request-id", request.id);
      void send(reply, response);
    },
  });
  // The service decides what it reads; here a body is bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  app.addHook("onResponse", async (request, reply) => {
    log.write("info", "request", {
      request_id: request.id,
      method: request.method,
      path: request.url.slice(0, 80),
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 1000) / 1000,
    });
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = refusal(error);
    if (known) return send(reply, problemResponse(known.error, known.status));
    return send(reply, failureResponse(error, request.id, { path: request.url }, log));
  });
  app.setNotFoundHandler((_request, reply) =>
    send(reply, problemResponse(new LatchkeyError("not-found"))),
  );
  app.all("/*", async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? decodeBody(request.body) : "";
    const headers: Record<string, string | undefined> = {};
    for (const [name, value] of Object.entries(request.headers))
      headers[name] = Array.isArray(value) ? value.join(", ") : value;
    const { method, url: path, ip: remoteAddress, id } = request;
    const call = { method, path, headers, body, remoteAddress, requestId: id };
    return send(reply, await service.handle(call));
  });
  app.addHook("preClose", async () => service.endStreams());
  app.addHook("onClose", async () => service.close());
  return app;
}
