import { fromHex } from "../../encoding/hex.ts";

/**
 * Hexadecimal as the reference reads it, of any length.
 * @throws Error with the reference's own sentence
 */
export function compatFromHex(text: string): Uint8Array {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length % 2 !== 0) throw new Error("Invalid hex: Odd number of digits");
  const wrong = /[^0-9a-fA-F]/.exec(digits);
  if (wrong !== null)
    throw new Error(`Invalid hex: Invalid character '${wrong[0]}' at position ${wrong.index}`);
  return fromHex(digits);
}
