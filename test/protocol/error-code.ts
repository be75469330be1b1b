import assert from "node:assert/strict";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";

function check(error: unknown, code: ErrorCode, field?: string): LatchkeyError {
  assert.ok(error instanceof LatchkeyError, `expected ${code}, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  if (field !== undefined) assert.equal(error.detail["field"], field);
  return error;
}

/** Runs what must throw a `LatchkeyError` with that code (and field); gives the error. */
export function throwsCode(run: () => unknown, code: ErrorCode, field?: string): LatchkeyError {
  try {
    run();
  } catch (error) {
    return check(error, code, field);
  }
  throw new assert.AssertionError({ message: `expected ${code}, but nothing was thrown` });
}

/** The same for a promise. */
export async function rejectsCode(
  promise: Promise<unknown>,
  code: ErrorCode,
  field?: string,
): Promise<LatchkeyError> {
  const error = await promise.then(
    () => new assert.AssertionError({ message: `expected ${code}, but it succeeded` }),
    (error: unknown) => error,
  );
  return check(error, code, field);
}

/** Whether a parser took the input; throws when it failed with anything but one of the codes. */
export function parses(run: () => unknown, ...codes: ErrorCode[]): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof LatchkeyError && codes.includes(error.code)) return false;
    throw error;
  }
}
