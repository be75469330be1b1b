import type { ErrorCode } from "../../protocol/error-codes.ts";

/** Ends a run; says why. */
export class Stopped extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
