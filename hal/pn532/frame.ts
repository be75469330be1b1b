import { sumBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";

/**
 * Frames between host and PN532 (UM0701-02 §6.2.1), without the status byte that precedes each
 * of them on I²C:
 *
 * ```
 * normal    00 00 FF LEN LCS           TFI CC data… DCS 00    LEN + LCS = 0 (mod 256)
 * extended  00 00 FF FF FF LENM LENL LCS TFI CC data… DCS 00    for LEN > 255
 * ACK       00 00 FF 00 FF 00
 * NACK      00 00 FF FF 00 00
 * error     00 00 FF 01 FF 7F 81 00                           "I did not understand that"
 * ```
 * LEN counts TFI, CC and data; TFI is D4 to the chip and D5 from it; the bytes from TFI to DCS
 * add up to 0 (mod 256).
 */
export type Frame =
  | { readonly kind: "ack" }
  | { readonly kind: "nack" }
  | { readonly kind: "error" }
  | {
      readonly kind: "reply";
      /** Command code + 1. */
      readonly code: number;
      readonly data: Uint8Array;
    };

/** The most data that one frame carries after TFI and the command code. */
export const FRAME_DATA_MAX = 263;
/** The longest frame, status byte not counted. */
export const FRAME_BYTES_MAX = 8 + 2 + FRAME_DATA_MAX + 2;
/** ACK and NACK. */
export const ACK_BYTES = 6;

const TO_CHIP = 0xd4;
const FROM_CHIP = 0xd5;
const SYNTAX_ERROR = 0x7f;
const NORMAL_LENGTH_MAX = 255;

/** Host to chip: "the last frame arrived", which also aborts whatever the chip is doing. */
export function ackFrame(): Uint8Array {
  return new Uint8Array([0x00, 0x00, 0xff, 0x00, 0xff, 0x00]);
}

/** Host to chip: "the last frame was damaged, send it again". */
export function nackFrame(): Uint8Array {
  return new Uint8Array([0x00, 0x00, 0xff, 0xff, 0x00, 0x00]);
}

/** Size of the frame that carries `dataBytes` after its code; extended where needed. */
export function frameBytes(dataBytes: number): number {
  return dataBytes + 2 <= NORMAL_LENGTH_MAX ? dataBytes + 9 : dataBytes + 12;
}

/** A command frame. More than {@link FRAME_DATA_MAX} bytes of data are a programming error. */
export function encodeCommandFrame(command: number, data: Uint8Array): Uint8Array {
  if (data.length > FRAME_DATA_MAX) throw new RangeError(`${data.length} bytes for one frame`);
  const frame = new Uint8Array(frameBytes(data.length));
  const length = data.length + 2;
  frame[2] = 0xff;
  let at = 3;
  if (length <= NORMAL_LENGTH_MAX) {
    frame[at++] = length;
    frame[at++] = -length;
  } else {
    frame[at++] = 0xff;
    frame[at++] = 0xff;
    frame[at++] = length >> 8;
    frame[at++] = length;
    frame[at++] = -((length >> 8) + length);
  }
  const start = at;
  frame[at++] = TO_CHIP;
  frame[at++] = command;
  frame.set(data, at);
  at += data.length;
  frame[at] = -sumBytes(frame, start, at);
  return frame;
}

/** Where the parts of a frame lie, as its header says. */
interface Layout {
  /** Offset of TFI. */
  readonly start: number;
  /** LEN: TFI, code and data. */
  readonly length: number;
}

/**
 * How long the frame is whose beginning was read, or `undefined` when its header is damaged or
 * not complete. That lets a reader who guessed too short ask for the right length.
 */
export function frameSize(bytes: Uint8Array): number | undefined {
  if (bytes.length < ACK_BYTES || !startsRight(bytes)) return undefined;
  if (isAck(bytes) || isNack(bytes)) return ACK_BYTES;
  const layout = readLayout(bytes);
  return typeof layout === "string" ? undefined : layout.start + layout.length + 2;
}

/**
 * One frame from the chip. Bytes after its end are ignored: a controller that asked for more
 * than the chip had to say gets filler.
 * @throws pn532-frame; `detail.reason` is one of truncated, start-code, length, length-checksum,
 * data-checksum, postamble, direction
 */
export function parseFrame(bytes: Uint8Array): Frame {
  if (bytes.length < ACK_BYTES) throw damaged("truncated");
  if (!startsRight(bytes)) throw damaged("start-code");
  if (isAck(bytes)) return { kind: "ack" };
  if (isNack(bytes)) return { kind: "nack" };
  const layout = readLayout(bytes);
  if (typeof layout === "string") throw damaged(layout);
  const { start, length } = layout;
  const end = start + length;
  if (bytes.length < end + 2) throw damaged("truncated");
  if (((sumBytes(bytes, start, end) + bytes[end]!) & 0xff) !== 0) throw damaged("data-checksum");
  if (bytes[end + 1] !== 0x00) throw damaged("postamble");
  if (bytes[start] === SYNTAX_ERROR && length === 1) return { kind: "error" };
  if (bytes[start] !== FROM_CHIP) throw damaged("direction");
  if (length < 2) throw damaged("length");
  return { kind: "reply", code: bytes[start + 1]!, data: bytes.slice(start + 2, end) };
}

/** The same, `undefined` for a damaged one. */
export function tryParseFrame(bytes: Uint8Array): Frame | undefined {
  try {
    return parseFrame(bytes);
  } catch {
    return undefined;
  }
}

/** A LatchkeyError for bytes that do not form what the chip should have sent. */
export function damaged(reason: string): LatchkeyError {
  return new LatchkeyError("pn532-frame", {
    message: `a frame from the PN532 is damaged: ${reason}`,
    detail: { reason },
  });
}

function readLayout(bytes: Uint8Array): Layout | string {
  if (bytes[3] !== 0xff || bytes[4] !== 0xff) {
    if (((bytes[3]! + bytes[4]!) & 0xff) !== 0) return "length-checksum";
    return bytes[3] === 0 ? "length" : { start: 5, length: bytes[3]! };
  }
  if (bytes.length < 8) return "truncated";
  if (((bytes[5]! + bytes[6]! + bytes[7]!) & 0xff) !== 0) return "length-checksum";
  const length = (bytes[5]! << 8) | bytes[6]!;
  return length === 0 || length > FRAME_DATA_MAX + 2 ? "length" : { start: 8, length };
}

function startsRight(bytes: Uint8Array): boolean {
  return bytes[0] === 0x00 && bytes[1] === 0x00 && bytes[2] === 0xff;
}

function isAck(bytes: Uint8Array): boolean {
  return bytes[3] === 0x00 && bytes[4] === 0xff && bytes[5] === 0x00;
}

function isNack(bytes: Uint8Array): boolean {
  return bytes[3] === 0xff && bytes[4] === 0x00 && bytes[5] === 0x00;
}
