import { toHex } from "../protocol/encoding/hex.ts";
import type { Random } from "../protocol/platform.ts";

/** A random UUID, lower case (RFC 9562 §5.4), from the given source so that a seed repeats it. */
export function uuidV4(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = toHex(bytes);
  const cuts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${cuts.join("-")}-${hex.slice(20)}`;
}
