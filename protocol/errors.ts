import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

/** Facts that help to find the cause. Never key material: what stands here is logged. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | undefined>>;

export interface LatchkeyErrorOptions {
  /** What exactly went wrong this time, one sentence; the code's own sentence when absent. */
  readonly message?: string;
  readonly cause?: unknown;
  readonly detail?: ErrorDetail;
}

/**
 * The one error type of the toolkit.
 * @example throw new LatchkeyError("malformed", { detail: { field: "tenant_id" } });
 */
export class LatchkeyError extends Error {
  // A field, not an assignment: in the image `Error.prototype` is frozen, and assigning a name
  // that a frozen prototype has throws.
  override readonly name = "LatchkeyError";
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, options: LatchkeyErrorOptions = {}) {
    const { message, cause, detail = {} } = options;
    super(message ?? ERROR_CODES[code].title, cause === undefined ? undefined : { cause });
    this.code = code;
    this.detail = detail;
  }

  /** What a person can do about it. */
  get next(): string {
    return ERROR_CODES[this.code].next;
  }

  /** The form in which it appears in `--json` output and logs. */
  toJSON(): { code: ErrorCode; message: string; next: string; detail: ErrorDetail } {
    return { code: this.code, message: this.message, next: this.next, detail: this.detail };
  }
}

/** Whether `error` is a {@link LatchkeyError}, and one with `code` if that is given. */
export function isLatchkeyError(error: unknown, code?: ErrorCode): error is LatchkeyError {
  return error instanceof LatchkeyError && (code === undefined || error.code === code);
}

/** Turns anything thrown into a {@link LatchkeyError}, keeping the original as its cause. */
export function toLatchkeyError(error: unknown, fallback: ErrorCode = "internal"): LatchkeyError {
  return error instanceof LatchkeyError ? error : new LatchkeyError(fallback, { cause: error });
}

/** Shorthand for the commonest error: input that does not have the agreed form. */
export function malformed(field: string, message: string): LatchkeyError {
  return new LatchkeyError("malformed", { message: `${field}: ${message}`, detail: { field } });
}
