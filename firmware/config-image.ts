import { concat } from "../protocol/encoding/bytes.ts";
import { crc32 } from "../protocol/encoding/crc32.ts";
import { fromUtf8, toUtf8 } from "../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../protocol/errors.ts";

/** "LKCF" and the version of the layout. */
const MAGIC = Object.freeze([0x4c, 0x4b, 0x43, 0x46, 0x01, 0x00, 0x00, 0x00] as const);
const HEADER_BYTES = MAGIC.length + 8;

/** JSON text of a configuration, at most: it shares one sector with its header. */
export const CONFIG_BYTES_MAX = 4096 - HEADER_BYTES;

/**
 * A configuration as it lies in flash, in a region of its own beside the image, so that an image
 * carries no secret and one image serves every board:
 *
 * ```
 * 0  "LKCF" 01 00 00 00     8  length, little-endian     12  CRC-32 of length and text     16  JSON
 * ```
 * @throws config-invalid when it is too long
 */
export function packConfigImage(json: string): Uint8Array {
  const text = toUtf8(json);
  if (text.length > CONFIG_BYTES_MAX)
    throw new LatchkeyError("config-invalid", {
      message: `the configuration has ${text.length} bytes; there is room for ${CONFIG_BYTES_MAX}`,
    });
  const length = littleEndian(text.length);
  return concat(Uint8Array.from(MAGIC), length, littleEndian(crc32(concat(length, text))), text);
}

/**
 * The JSON text out of the region, `undefined` for erased flash: nobody has provisioned the node.
 * @throws storage-corrupt for anything else that is not whole
 */
export function readConfigImage(read: (offset: number, length: number) => Uint8Array) {
  const header = read(0, HEADER_BYTES);
  if (header.every((byte) => byte === 0xff)) return undefined;
  const known = MAGIC.every((byte, i) => header[i] === byte);
  const length = numberAt(header, MAGIC.length);
  if (!known || length > CONFIG_BYTES_MAX) throw corrupt();
  const text = read(HEADER_BYTES, length);
  const covered = concat(littleEndian(length), text);
  if (crc32(covered) !== numberAt(header, MAGIC.length + 4)) throw corrupt();
  return fromUtf8(text, "configuration");
}

function corrupt(): LatchkeyError {
  const message = "the configuration in flash is damaged: write it again";
  return new LatchkeyError("storage-corrupt", { message });
}

function littleEndian(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
}

function numberAt(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
