import assert from "node:assert/strict";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";

function codeOf(error: unknown): ErrorCode {
  if (error instanceof LatchkeyError) return error.code;
  throw error; // a crash: let the test show it as it is
}

/** The code with which `act` fails, or `undefined` when it does not. Any other error is a crash. */
export function failureOf(act: () => unknown): ErrorCode | undefined {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

/** The same for a promise. */
export async function rejectionOf(act: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await act();
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

/** Asserts that `act` fails with exactly that code. */
export function failsWith(code: ErrorCode, act: () => unknown): void {
  assert.equal(failureOf(act), code);
}

/** A copy with one bit inverted; `bit` counts from the highest bit of the first byte. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  const at = bit >> 3;
  copy[at] = copy[at]! ^ (0x80 >> (bit & 7));
  return copy;
}

/** `length` bytes with one value. */
export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
