import type { Sha3 } from "../../crypto/sha3.ts";
import { equalBytes } from "../../encoding/bytes.ts";

const DIGITS = "0123456789ABCDEFGHWJKYMNZPQRSTUV";
const FRAME_LENGTH = 39;

/** The digits as a big-endian number without leading zero bytes. */
function bytesOf(digits: string): number[] {
  const bytes: number[] = [];
  for (const character of digits) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) throw new Error(`Invalid Base32 character: ${character}`);
    let carry = digit;
    for (let i = bytes.length - 1; i >= 0; i--) {
      const value = bytes[i]! * 32 + carry;
      bytes[i] = value & 255;
      carry = value >> 8;
    }
    if (carry > 0) bytes.unshift(carry);
  }
  return bytes;
}

/**
 * The root of an address in any text that the reference takes: spaces around it, lower case,
 * leading zeros. @throws Error with the reference's own sentence
 */
export function compatParseAddress(sha3: Sha3, text: string): Uint8Array {
  const trimmed = text.trim();
  if (!trimmed.startsWith("Mx") && !trimmed.startsWith("mx"))
    throw new Error("Address must start with 'Mx'");
  const frame = Uint8Array.from(bytesOf(trimmed.slice(2).toUpperCase()));
  if (frame.length > 0 && frame[0] !== 1)
    throw new Error(
      `Invalid sentinel byte: 0x${frame[0]!.toString(16).padStart(2, "0")}, expected 0x01`,
    );
  if (frame.length < FRAME_LENGTH) throw new Error("Decoded address too short");
  const root = frame.slice(3, 35);
  if (!equalBytes(sha3.sha3_256(root).subarray(0, 4), frame.subarray(35, 39)))
    throw new Error("Checksum mismatch");
  return root;
}
