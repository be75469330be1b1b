import { byteWork } from "./byte-work.ts";

/** The parts one after the other, as a new array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = byteWork?.join(parts, false);
  if (joined !== undefined) return new Uint8Array(joined);
  const count = parts.length;
  let length = 0;
  for (let i = 0; i < count; i++) length += parts[i]!.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const part = parts[i]!;
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `a XOR b`; both must have one length (a programming error otherwise). */
export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length !== b.length) throw new RangeError(`xor of ${a.length} and ${b.length} bytes`);
  const done = a.length === 0 ? undefined : byteWork?.xor(a, b);
  if (done !== undefined) return new Uint8Array(done);
  const out = new Uint8Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i]! ^ b[i]!;
  return out;
}

/**
 * Copies bytes from `from[start]` to `to[at]` on, up to a zero, the end of `from` (of at most
 * 65,535 bytes), or that of `to`. Gives how many, and 65,536 more where a zero ended it.
 */
export function copyToZero(to: Uint8Array, at: number, from: ArrayBuffer, start: number): number {
  if (byteWork !== undefined) return byteWork.copyToZero(to, at, from, start);
  const bytes = new Uint8Array(from, start);
  const zero = bytes.indexOf(0);
  const count = Math.min(zero < 0 ? bytes.length : zero, to.length - at);
  to.set(bytes.subarray(0, count), at);
  return count === zero ? count + 0x10000 : count;
}

/** The bytes from `start` up to `end`, which must be within, added up modulo 256. */
export function sumBytes(bytes: Uint8Array, start: number, end: number): number {
  if (byteWork !== undefined) return byteWork.sum(bytes, start, end);
  let total = 0;
  for (let i = start; i < end; i++) total += bytes[i]!;
  return total & 0xff;
}

/** Whether two arrays of *public* bytes are equal; secrets go through `constantTimeEqual`. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (byteWork !== undefined && a.length > 0) return byteWork.equal(a, b);
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * A non-negative integer as `size` big-endian bytes. `value` must be a safe integer that fits
 * (a programming error otherwise).
 */
export function uintBE(value: number, size: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned: ${value}`);
  const out = new Uint8Array(size);
  let at = size - 1;
  let rest = value;
  for (; at >= 0 && rest > 0x7fffffff; at--) {
    out[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  // The rest without divisions, each of which is a call of the engine on a device.
  for (; at >= 0 && rest !== 0; at--) {
    out[at] = rest;
    rest >>= 8;
  }
  if (rest !== 0) throw new RangeError(`${value} does not fit ${size} bytes`);
  return out;
}
