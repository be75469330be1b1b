import { ERROR_CODES, type ErrorCode, isErrorCode } from "../error-codes.ts";
import { type ErrorDetail, LatchkeyError } from "../errors.ts";
import { type JsonReader, parseObject } from "./reader.ts";

/** A problem document (RFC 9457) as this protocol sends it. */
export interface Problem {
  /** Where the code is explained, relative to the server. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  /** What exactly went wrong this time. */
  readonly detail?: string;
  /** The field that was wrong, with `malformed`. */
  readonly field?: string;
  /** The limit that was hit, with `rate-limited`. */
  readonly limit?: string;
  /** Seconds to wait, with `rate-limited` and `unavailable`. */
  readonly retry_after?: number;
  /** What to quote when asking for help, with `internal`. */
  readonly incident?: string;
}

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/**
 * The document for an error. Only listed members leave the server: an error's detail and cause
 * may know more than a stranger should. A code that has no status is none of a server's, so it
 * becomes `internal`, and `internal` never says why.
 */
export function toProblem(error: LatchkeyError): Problem {
  const code = ERROR_CODES[error.code].status === undefined ? "internal" : error.code;
  const entry = ERROR_CODES[code];
  const { field, limit, retry_after, incident } = error.detail;
  const open = code !== "internal";
  return {
    type: `/docs/errors#${code}`,
    title: entry.title,
    status: entry.status ?? 500,
    code,
    ...(open && error.message !== entry.title && { detail: error.message }),
    ...(open && typeof field === "string" && { field }),
    ...(open && typeof limit === "string" && { limit }),
    ...(typeof retry_after === "number" && { retry_after }),
    ...(typeof incident === "string" && { incident }),
  };
}

/** A member of the document, or `undefined` if it is absent or not as it should be. */
function lenient<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function detailOf(problem: JsonReader, status: number): ErrorDetail {
  return {
    status,
    field: lenient(() => problem.optionalString("field", { max: 64 })),
    limit: lenient(() => problem.optionalString("limit", { max: 64 })),
    retry_after: lenient(() => problem.optionalUint("retry_after", { max: 86_400 })),
    incident: lenient(() => problem.optionalString("incident", { max: 64 })),
  };
}

/**
 * The error that an answer other than 200 stands for. Whatever is not a problem document with a
 * code that a server may send is `not-latchkey`: a proxy, a captive portal, another service.
 * Problem documents are not authenticated; see docs/protocol.md on what a forged one can do.
 */
export function fromProblem(status: number, bodyText: string): LatchkeyError {
  const problem = lenient(() => parseObject(bodyText));
  const code = problem?.value["code"];
  if (problem === undefined || !isErrorCode(code) || ERROR_CODES[code].status === undefined)
    return new LatchkeyError("not-latchkey", { detail: { status } });
  const message = lenient(() => problem.optionalString("detail", { max: 200 }));
  return new LatchkeyError(code, {
    ...(message !== undefined && { message }),
    detail: detailOf(problem, status),
  });
}
