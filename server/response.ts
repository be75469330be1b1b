import { LatchkeyError, toLatchkeyError } from "../protocol/errors.ts";
import { PROBLEM_CONTENT_TYPE, toProblem } from "../protocol/json/problem.ts";
import type { JsonObject } from "../protocol/json/reader.ts";
import type { Log } from "../protocol/platform.ts";
import type { ServiceRequest, ServiceResponse } from "./context.ts";

/** On every answer: nothing of ours is a page, a script or worth keeping in a cache. */
const SECURITY_HEADERS = Object.freeze({
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
});

export function jsonResponse(body: JsonObject): ServiceResponse {
  return rawJsonResponse(JSON.stringify(body));
}

/** @param body JSON that was written before */
export function rawJsonResponse(body: string): ServiceResponse {
  return {
    status: 200,
    headers: { "content-type": "application/json", ...SECURITY_HEADERS },
    body,
  };
}

/** A token, or something else of one line that is no JSON. */
export function textResponse(type: string, body: string): ServiceResponse {
  return { status: 200, headers: { "content-type": type, ...SECURITY_HEADERS }, body };
}

/** Nothing but headers. */
export function emptyResponse(headers: Readonly<Record<string, string>>): ServiceResponse {
  return { status: 204, headers: { ...SECURITY_HEADERS, ...headers }, body: "" };
}

/** @param cursor of the next page, which a line of CSV has no place for */
export function csvResponse(body: string, cursor: string | undefined): ServiceResponse {
  const headers = {
    "content-type": "text/csv; charset=utf-8; header=present",
    // Opened by a click it is a download, not a page.
    "content-disposition": 'attachment; filename="readings.csv"',
    ...SECURITY_HEADERS,
    ...(cursor !== undefined && { "x-next-cursor": cursor }),
  };
  return { status: 200, headers, body };
}

/** What does not end by itself; see `ServiceResponse`. */
export function streamResponse(stream: AsyncIterableIterator<string>): ServiceResponse {
  const headers = {
    "content-type": "text/event-stream",
    ...SECURITY_HEADERS,
    // nginx would hold events back until it has a buffer full.
    "x-accel-buffering": "no",
  };
  return { status: 200, headers, body: "", stream };
}

/** An error as a problem document (RFC 9457). @param status instead of the code's own */
export function problemResponse(error: LatchkeyError, status?: number): ServiceResponse {
  const problem = { ...toProblem(error), ...(status !== undefined && { status }) };
  const { retry_after } = problem;
  return {
    status: problem.status,
    headers: {
      "content-type": PROBLEM_CONTENT_TYPE,
      ...SECURITY_HEADERS,
      ...(retry_after !== undefined && { "retry-after": String(retry_after) }),
      ...(problem.status === 401 && { "www-authenticate": "Bearer" }),
      // Over the next connection a balancer may choose another replica.
      ...(problem.status === 421 && { connection: "close" }),
    },
    body: JSON.stringify(problem),
  };
}

/**
 * Whatever was thrown, as an answer. A bug of ours says only its incident number, under which the
 * log has the rest.
 */
export function failureResponse(
  thrown: unknown,
  incident: string,
  { path }: Pick<ServiceRequest, "path">,
  log: Log,
): ServiceResponse {
  const error = toLatchkeyError(thrown);
  const response = problemResponse(error);
  if (response.status !== 500) {
    const { code } = error;
    const { limit, field } = error.detail;
    if (code === "unavailable" && field === "storage") log.write("error", "storage-full", { code });
    const what = { code, path: path.slice(0, 80), incident, ...(limit && { limit }) };
    log.write("info", "request-refused", what);
    return response;
  }
  const { cause = error } = error;
  const stack = cause instanceof Error ? cause.stack : String(cause);
  log.write("error", "internal", { code: error.code, path: path.slice(0, 80), incident, stack });
  return problemResponse(new LatchkeyError("internal", { detail: { incident } }));
}
