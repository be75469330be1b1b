/**
 * The part of `node:assert/strict` that the portable suites use, for XS. Anything else of it is
 * simply not there: a suite that calls it fails by name.
 */
import { deepEqual as isDeepEqual } from "./deep-equal.ts";
import { inspect } from "./inspect.ts";

type Message = string | Error | undefined;
type Expected = RegExp | object | ((error: unknown) => unknown);

export class AssertionError extends Error {
  override readonly name = "AssertionError";
  readonly code = "ERR_ASSERTION";
}

function check(condition: unknown, message: Message, standard: () => string): void {
  if (condition) return;
  if (message instanceof Error) throw message;
  throw new AssertionError(message === undefined ? standard() : `${message} (${standard()})`);
}

export function ok(value: unknown, message?: Message): void {
  check(value, message, () => `${inspect(value)} is not truthy`);
}

export function strictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(Object.is(actual, expected), message, () => difference(actual, expected));
}

export function notStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!Object.is(actual, expected), message, () => `both are ${inspect(actual)}`);
}

export function deepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(isDeepEqual(actual, expected), message, () => difference(actual, expected));
}

export function notDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!isDeepEqual(actual, expected), message, () => `both are ${inspect(actual)}`);
}

export function match(text: string, pattern: RegExp, message?: Message): void {
  check(pattern.test(text), message, () => `${inspect(text)} does not match ${pattern}`);
}

export function doesNotMatch(text: string, pattern: RegExp, message?: Message): void {
  check(!pattern.test(text), message, () => `${inspect(text)} matches ${pattern}`);
}

export function fail(message: string | Error = "failed"): never {
  throw message instanceof Error ? message : new AssertionError(message);
}

export function ifError(value: unknown): void {
  check(value === undefined || value === null, undefined, () => `got ${inspect(value)}`);
}

export function throws(work: () => unknown, expected?: Expected | string, message?: Message): void {
  const thrown = outcome(work);
  if (thrown === undefined)
    throw new AssertionError(`nothing was thrown${tail(expected, message)}`);
  expectThrown(thrown.error, expected);
}

export function doesNotThrow(work: () => unknown, message?: Message): void {
  const thrown = outcome(work);
  if (thrown !== undefined) check(false, message, () => `threw ${inspect(thrown.error)}`);
}

export async function rejects(
  work: Promise<unknown> | (() => Promise<unknown>),
  expected?: Expected | string,
  message?: Message,
): Promise<void> {
  const thrown = await asyncOutcome(work);
  if (thrown === undefined) throw new AssertionError(`nothing rejected${tail(expected, message)}`);
  expectThrown(thrown.error, expected);
}

export async function doesNotReject(
  work: Promise<unknown> | (() => Promise<unknown>),
  message?: Message,
): Promise<void> {
  const thrown = await asyncOutcome(work);
  if (thrown !== undefined) check(false, message, () => `rejected with ${inspect(thrown.error)}`);
}

function outcome(work: () => unknown): { error: unknown } | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return { error };
  }
}

async function asyncOutcome(
  work: Promise<unknown> | (() => Promise<unknown>),
): Promise<{ error: unknown } | undefined> {
  try {
    await (typeof work === "function" ? work() : work);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function expectThrown(error: unknown, expected: Expected | string | undefined): void {
  if (expected === undefined || typeof expected === "string") return;
  if (expected instanceof RegExp) {
    check(expected.test(String(error)), undefined, () => `${String(error)} is not ${expected}`);
  } else if (typeof expected === "function") {
    if (isClass(expected)) {
      check(error instanceof expected, undefined, () => `${inspect(error)}: not ${expected.name}`);
    } else {
      check(expected(error) === true, undefined, () => `${inspect(error)} was not expected`);
    }
  } else expectProperties(error, expected);
}

function expectProperties(error: unknown, expected: object): void {
  const actual = error as Record<string, unknown>;
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push("name", "message");
  for (const key of keys) {
    const wanted = (expected as Record<string, unknown>)[key];
    const given = actual[key];
    const fits =
      wanted instanceof RegExp && typeof given === "string"
        ? wanted.test(given)
        : isDeepEqual(given, wanted);
    check(fits, undefined, () => `${inspect(error)}: ${key}: ${difference(given, wanted)}`);
  }
}

function isClass(value: object): value is new () => object {
  const { prototype } = value as { prototype?: unknown };
  return prototype === Error.prototype || prototype instanceof Error || /^class\b/.test(`${value}`);
}

const difference = (actual: unknown, expected: unknown): string =>
  `got ${inspect(actual)}, expected ${inspect(expected)}`;

const tail = (expected: unknown, message: Message): string => {
  const text = message ?? (typeof expected === "string" ? expected : undefined);
  return text === undefined ? "" : `: ${String(text)}`;
};

const assert = Object.assign((value: unknown, message?: Message) => ok(value, message), {
  AssertionError,
  ok,
  equal: strictEqual,
  strictEqual,
  notEqual: notStrictEqual,
  notStrictEqual,
  deepEqual: deepStrictEqual,
  deepStrictEqual,
  notDeepEqual: notDeepStrictEqual,
  notDeepStrictEqual,
  match,
  doesNotMatch,
  fail,
  ifError,
  throws,
  doesNotThrow,
  rejects,
  doesNotReject,
});

export {
  assert as strict,
  deepStrictEqual as deepEqual,
  notDeepStrictEqual as notDeepEqual,
  notStrictEqual as notEqual,
  strictEqual as equal,
};
export default assert;
