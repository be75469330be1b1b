import { byteWork } from "../encoding/byte-work.ts";

/**
 * Whether two secrets, MACs or tags are equal, in a time that depends on their length only.
 * (XS and V8 do not promise constant time for any JavaScript; this leaves out what leaks most,
 * the early exit. An image does it in C.)
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (byteWork !== undefined && a.length > 0) return byteWork.equal(a, b);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
