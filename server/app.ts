import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { LatchkeyError, malformed } from "../protocol/errors.ts";
import { MAX_BODY_LENGTH } from "../protocol/json/reader.ts";
import type { Log } from "../protocol/platform.ts";
import { endpointOf } from "./api/dispatch.ts";
import type { ServiceRequest, ServiceResponse } from "./context.ts";
import { type Metrics, noMetrics } from "./metrics/metrics.ts";
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
  /** Counts answers; nothing when absent. */
  readonly metrics?: Metrics;
  /** The page of figures, where it is beside the endpoints. */
  readonly metricsPage?: (authorization: string | undefined) => Promise<ServiceResponse>;
  /** How long a client may take over its request; 10 s when absent. */
  readonly requestTimeoutMs?: number;
}

/** A nonsense path must not fill the log or memory. */
const URL_LENGTH_MAX = 512;

/** A listener that takes nothing for so long is gone; a heartbeat comes more often. */
const STREAM_IDLE_MS = 60_000;

/** Whether it is about to end; then a connection ends with its answer, which is waited for. */
interface Ending {
  begun: boolean;
}

/**
 * Past Fastify, which would write head and body apart, and add a charset to a text, which JSON does
 * not have (RFC 8259 §11).
 */
function sendWhole(reply: FastifyReply, { status, headers, body }: ServiceResponse, end: Ending) {
  reply.hijack();
  reply.raw.writeHead(status, {
    ...headers,
    "content-length": Buffer.byteLength(body),
    "x-request-id": reply.request.id,
    ...(end.begun && { connection: "close" }),
  });
  reply.raw.end(body);
  return reply;
}

function send(reply: FastifyReply, response: ServiceResponse, end: Ending): FastifyReply {
  if (response.stream !== undefined) {
    reply.raw.socket?.setTimeout(STREAM_IDLE_MS);
    // One piece at a time: what a slow listener does not take is not fetched.
    const source = Readable.from(response.stream, { highWaterMark: 1 });
    // Its connection ends with it: one that stayed would hold up the end of the server.
    const id = reply.request.id;
    const headers = { ...response.headers, connection: "close", "x-request-id": id };
    return reply.code(response.status).headers(headers).send(source);
  }
  return sendWhole(reply, response, end);
}

/** Bytes of a body to text. Strict: what is not UTF-8 must not become something else. */
function decodeBody(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed("body", "not UTF-8");
  return bytes.toString();
}

/** As texts: of a header that came several times Node has made one, but for `set-cookie`. */
function textsOf(headers: IncomingHttpHeaders): ServiceRequest["headers"] {
  const cookies = headers["set-cookie"];
  const texts = headers as ServiceRequest["headers"];
  return cookies === undefined ? texts : { ...texts, "set-cookie": cookies.join(", ") };
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
  const { metrics = noMetrics, metricsPage } = options;
  const end: Ending = { begun: false };
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
    frameworkErrors: (error, _request, reply) => {
      const response = problemResponse(refusal(error)?.error ?? new LatchkeyError("not-found"));
      void send(reply, response, end);
    },
  });
  // The service decides what it reads; here a body is bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook("onResponse", (request, reply, done) => {
    metrics.answered(endpointOf(request.url), reply.statusCode, reply.elapsedTime / 1000);
    log.write("info", "request", {
      request_id: request.id,
      method: request.method,
      path: request.url.slice(0, 80),
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 1000) / 1000,
    });
    done();
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = refusal(error);
    if (known) return send(reply, problemResponse(known.error, known.status), end);
    return send(reply, failureResponse(error, request.id, { path: request.url }, log), end);
  });
  app.setNotFoundHandler((_request, reply) =>
    send(reply, problemResponse(new LatchkeyError("not-found")), end),
  );
  if (metricsPage !== undefined)
    app.get("/metrics", async ({ headers }, reply) =>
      send(reply, await metricsPage(headers.authorization), end),
    );
  app.all("/*", async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? decodeBody(request.body) : "";
    const { method, url: path, ip: remoteAddress, id } = request;
    const headers = textsOf(request.headers);
    const call = { method, path, headers, body, remoteAddress, requestId: id };
    return send(reply, await service.handle(call), end);
  });
  app.addHook("preClose", async () => {
    end.begun = true;
    await service.endStreams();
  });
  app.addHook("onClose", async () => service.close());
  return app;
}
