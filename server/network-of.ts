import { isIPv6 } from "node:net";

/**
 * The network that an address counts for. Whoever has one IPv6 address has the 2^64 of its /64
 * (RFC 6177), so that a limit on each of them would limit nobody. IPv4 counts as it is, also
 * when it is spelled as IPv6 (`::ffff:192.0.2.1`).
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  // A dotted quad at the end stands for two groups.
  const groups = left.length + right.length + (address.includes(".") ? 1 : 0);
  const gap = new Array<string>(Math.max(0, 8 - groups)).fill("0");
  const whole = [...left, ...gap, ...right];
  return whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
