import { concat, uintBE } from "../../protocol/encoding/bytes.ts";
import { crc32 } from "../../protocol/encoding/crc32.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";

/** "LKCF" and the version of the layout. */
const MAGIC = Object.freeze([0x4c, 0x4b, 0x43, 0x46, 0x02, 0x00] as const);
const HEAD_BYTES = MAGIC.length + 10;

/** JSON text of a configuration, at most: it shares one sector of 4 kB with its head. */
export const CONFIG_BYTES_MAX = 4096 - HEAD_BYTES;

export interface ConfigSlot {
  /** The higher one is the later one. */
  readonly sequence: number;
  readonly json: string;
}

/**
 * A configuration as it lies in one sector of flash:
 *
 * ```
 * 0  "LKCF" 02 00    6  length    8  CRC-32    12  sequence    16  JSON        (big-endian)
 * ```
 * The CRC covers sequence and text.
 * @throws config-invalid when it is too long
 */
export function packConfigSlot({ sequence, json }: ConfigSlot): Uint8Array {
  const text = toUtf8(json);
  if (text.length > CONFIG_BYTES_MAX)
    throw new LatchkeyError("config-invalid", {
      message: `the configuration has ${text.length} bytes; there is room for ${CONFIG_BYTES_MAX}`,
    });
  const body = concat(uintBE(sequence, 4), text);
  const length = uintBE(text.length, 2);
  return concat(Uint8Array.from(MAGIC), length, uintBE(crc32(body), 4), body);
}

/** What a sector holds; `undefined` when it is not whole. */
export function readConfigSlot(sector: Uint8Array): ConfigSlot | undefined {
  if (!MAGIC.every((byte, i) => sector[i] === byte)) return undefined;
  const length = (sector[6]! << 8) | sector[7]!;
  if (length > CONFIG_BYTES_MAX) return undefined;
  const body = sector.subarray(12, HEAD_BYTES + length);
  if (crc32(body) !== uint32At(sector, 8)) return undefined;
  return { sequence: uint32At(sector, 12), json: fromUtf8(body.subarray(4), "configuration") };
}

function uint32At(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
