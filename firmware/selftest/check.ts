import { fromHex, toHex } from "../../protocol/encoding/hex.ts";

/** One thing that must come out so and not otherwise. */
export interface Check {
  /** The primitive and the source of the figures. */
  readonly name: string;
  /** What came out and what had to, both as text. */
  run(): { readonly found: string; readonly expected: string };
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What came out instead, or the exception; never a secret: all inputs are published. */
  readonly found?: string;
}

/** A check whose result is bytes, written in hexadecimal. */
export function bytesCheck(name: string, expected: string, make: () => Uint8Array): Check {
  return { name, run: () => ({ found: toHex(make()), expected }) };
}

export function truthCheck(name: string, expected: boolean, ask: () => boolean): Check {
  return { name, run: () => ({ found: String(ask()), expected: String(expected) }) };
}

/** Runs one check; what it throws is a result too. */
export function runCheck({ name, run }: Check): CheckResult {
  try {
    const { found, expected } = run();
    return found === expected ? { name, ok: true } : { name, ok: false, found };
  } catch (error) {
    return { name, ok: false, found: String(error) };
  }
}

/** Bytes from hexadecimal, for the tables of vectors. */
export const hex = (text: string): Uint8Array => fromHex(text);
