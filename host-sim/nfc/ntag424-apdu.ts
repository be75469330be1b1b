/** A command APDU as the chip's decoder sees it: short lengths only (NT4H2421Gx §8.4). */
export interface DecodedApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** The Le byte as sent, 0 included; absent when there is none. */
  readonly le: number | undefined;
}

/**
 * Header, Lc, data, Le. `undefined` where the lengths do not add up. A body of one byte is Le;
 * otherwise the first is Lc, which may be 0 with a Le behind it as some readers send it.
 */
export function decodeApdu(bytes: Uint8Array): DecodedApdu | undefined {
  if (bytes.length < 4) return undefined;
  const [cla, ins, p1, p2] = [bytes[0]!, bytes[1]!, bytes[2]!, bytes[3]!];
  const head = { cla, ins, p1, p2 };
  const none = new Uint8Array(0);
  if (bytes.length === 4) return { ...head, data: none, le: undefined };
  if (bytes.length === 5) return { ...head, data: none, le: bytes[4]! };
  const end = 5 + bytes[4]!;
  if (bytes.length < end || bytes.length > end + 1) return undefined;
  return { ...head, data: bytes.slice(5, end), le: bytes[end] };
}
