import { byteWork } from "../encoding/byte-work.ts";
import { crc32, crc32OfWord } from "../encoding/crc32.ts";
import { cobsDecode, cobsEncode } from "./cobs.ts";

/**
 * A frame of the wired transport. On the wire, after COBS, between two zeros:
 *
 * ```
 * kind u8 | address u8 | sequence u8 | acknowledge u8 | payload … | crc32 u32 little-endian
 * ```
 * The checksum also runs over the 4 bytes of the link's number, which are not sent: a frame of a
 * link that has ended since, on either side, is then noise like any other.
 */
export interface Frame {
  readonly kind: FrameKind;
  /** Of the node: 1 to 254, whichever side sends. */
  readonly address: number;
  /** Of the payload that a `data` or `reply` frame carries. */
  readonly sequence: number;
  /** The next sequence that the sender of this frame waits for. */
  readonly acknowledge: number;
  readonly payload: Uint8Array;
}

/**
 * The gateway says `reset` (with a new link number), `poll` or `data`; the node it names answers
 * each with one frame: `hello`, `idle` or `reply`. Nobody else speaks.
 */
export type FrameKind = keyof typeof KINDS;

const KINDS = Object.freeze({
  reset: 0x10,
  poll: 0x11,
  data: 0x12,
  hello: 0x20,
  idle: 0x21,
  reply: 0x22,
});
const KIND_NAMES = Object.freeze(Object.keys(KINDS) as FrameKind[]);
export const PAYLOAD_MAX = 240;
const HEAD_BYTES = 4;
const CRC_BYTES = 4;
/** The longest frame as it stands between two zeros. */
export const STUFFED_MAX = HEAD_BYTES + PAYLOAD_MAX + CRC_BYTES + 1;
export const ADDRESS_MIN = 1;
export const ADDRESS_MAX = 254;

function putWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 255;
  bytes[at + 1] = (value >> 8) & 255;
  bytes[at + 2] = (value >> 16) & 255;
  bytes[at + 3] = (value >> 24) & 255;
}

function kindOf(byte: number): FrameKind | undefined {
  // By index: a node looks a hundred times a second.
  for (let i = 0; i < KIND_NAMES.length; i++)
    if (KINDS[KIND_NAMES[i]!] === byte) return KIND_NAMES[i];
  return undefined;
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  return (low | (bytes[at + 3]! << 24)) >>> 0;
}

/** Bytes to send, both zeros included. `link` is the link's number; 0 for `reset`. */
export function encodeFrame(frame: Frame, link: number): Uint8Array {
  const { kind, address, sequence, acknowledge, payload } = frame;
  if (payload.length > PAYLOAD_MAX) throw new RangeError(`a payload of ${payload.length} bytes`);
  const code = KINDS[kind];
  if (byteWork !== undefined) {
    const some = payload.length > 0 ? payload : undefined;
    return new Uint8Array(byteWork.frameEncode(code, address, sequence, acknowledge, some, link));
  }
  const end = HEAD_BYTES + payload.length;
  const bytes = new Uint8Array(end + CRC_BYTES);
  bytes[0] = code;
  bytes[1] = address;
  bytes[2] = sequence;
  bytes[3] = acknowledge;
  if (payload.length > 0) bytes.set(payload, HEAD_BYTES);
  // The link's number stands before every frame and is never sent.
  putWord(bytes, end, crc32(bytes.subarray(0, end), crc32OfWord(link)));
  const stuffed = cobsEncode(bytes);
  // The zero in front ends whatever noise the line made while nobody drove it.
  const out = new Uint8Array(stuffed.length + 2);
  out.set(stuffed, 1);
  return out;
}

/**
 * Whose frame this would be, without looking further: kind and address are never zero, so COBS
 * leaves them where they are. What a node hears on a shared pair is mostly not for it.
 */
export function addressOf(stuffed: Uint8Array): number | undefined {
  return stuffed[2];
}

/** What stood between two zeros, or `undefined` for anything but a whole frame of this link. */
export function decodeFrame(stuffed: Uint8Array, link: number): Frame | undefined {
  if (stuffed.length > STUFFED_MAX) return undefined;
  if (byteWork === undefined) return decoded(stuffed, link);
  const done = stuffed.length > 0 ? byteWork.frameDecode(stuffed, link) : undefined;
  return done && frameOf(new Uint8Array(done));
}

function decoded(stuffed: Uint8Array, link: number): Frame | undefined {
  const bytes = cobsDecode(stuffed);
  if (bytes === undefined || bytes.length < HEAD_BYTES + CRC_BYTES) return undefined;
  const end = bytes.length - CRC_BYTES;
  if (crc32(bytes.subarray(0, end), crc32OfWord(link)) !== wordAt(bytes, end)) return undefined;
  return frameOf(bytes.subarray(0, end));
}

/** Of head and payload. */
function frameOf(bytes: Uint8Array): Frame | undefined {
  const kind = kindOf(bytes[0]!);
  const address = bytes[1]!;
  if (kind === undefined || address < ADDRESS_MIN || address > ADDRESS_MAX) return undefined;
  return {
    kind,
    address,
    sequence: bytes[2]!,
    acknowledge: bytes[3]!,
    payload: bytes.subarray(HEAD_BYTES),
  };
}
