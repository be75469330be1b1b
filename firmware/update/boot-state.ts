import { crc32 } from "../../protocol/encoding/crc32.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";

/** One of the two places of an image. */
export type Slot = 0 | 1;

/** A whole, verified image in a slot. */
export interface SlotImage {
  /** For people: 1 to 64 printable ASCII characters. */
  readonly version: string;
  readonly securityVersion: number;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of those bytes. */
  readonly sha256: Uint8Array;
}

/** An image on its way into the slot that does not run. */
export interface Download {
  readonly image: SlotImage;
  /** Sectors that are in flash, whole. */
  readonly sectors: number;
}

/** A trial that did not end well. */
export interface Reversal {
  readonly version: string;
  readonly code: ReversalCode;
}

/** Why a node went back to its old image; the numbers are in flash. */
const REVERSALS = Object.freeze(["firmware-mismatch", "firmware-unconfirmed"] as const);
export type ReversalCode = Extract<ErrorCode, (typeof REVERSALS)[number]>;

/** What boot code and program tell each other over a restart. */
export interface BootState {
  /** The slot whose image is known to work. */
  readonly confirmed: Slot;
  /** Absent: nothing is known of what lies there, as of what a tool wrote to slot 0. */
  readonly images: readonly [SlotImage | undefined, SlotImage | undefined];
  /** Starts that the other image has left to prove itself; absent when none is on trial. */
  readonly trial?: number;
  /** The highest security version that was ever confirmed here. */
  readonly floor: number;
  readonly download?: Download;
  /** Until the server has heard of it. */
  readonly reversal?: Reversal;
}

/**
 * The record in flash: fixed places, so that boot code in C reads it with a structure. Numbers are
 * little-endian; an image with size 0 is none, and so is a trial or a code of 255.
 */
export const BOOT_RECORD_BYTES = 512;
const MAGIC = Object.freeze([0x4c, 0x4b, 0x42, 0x4f, 0x4f, 0x54, 0x00, 0x01]); // LKBOOT, version 1
const AT = Object.freeze({
  ...{ sequence: 8, confirmed: 12, trial: 13, reversalCode: 14, floor: 16, sectors: 20 },
  ...{ images: 24, download: 24 + 2 * 108, reversal: 24 + 3 * 108, checksum: 508 },
});
const IMAGE_BYTES = 108;
const TEXT_MAX = 64;
const NONE = 0xff;

export const otherSlot = (slot: Slot): Slot => (slot === 0 ? 1 : 0);

export function encodeBootState(state: BootState, sequence: number): Uint8Array {
  const bytes = new Uint8Array(BOOT_RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  const { confirmed, images, trial = NONE, floor, download, reversal } = state;
  bytes.set(MAGIC);
  view.setUint32(AT.sequence, sequence, true);
  bytes[AT.confirmed] = confirmed;
  bytes[AT.trial] = trial;
  bytes[AT.reversalCode] = reversal === undefined ? NONE : REVERSALS.indexOf(reversal.code);
  view.setUint32(AT.floor, floor, true);
  view.setUint32(AT.sectors, download?.sectors ?? 0, true);
  images.forEach((image, slot) => void putImage(view, AT.images + IMAGE_BYTES * slot, image));
  putImage(view, AT.download, download?.image);
  putText(bytes, AT.reversal, reversal?.version ?? "");
  view.setUint32(AT.checksum, crc32(bytes.subarray(0, AT.checksum)), true);
  return bytes;
}

/** What a record says, or `undefined` when it is not whole. */
export function decodeBootState(
  bytes: Uint8Array,
): { readonly state: BootState; readonly sequence: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== BOOT_RECORD_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte))
    return undefined;
  if (view.getUint32(AT.checksum, true) !== crc32(bytes.subarray(0, AT.checksum))) return undefined;
  const confirmed = bytes[AT.confirmed]!;
  if (confirmed > 1) return undefined;
  const trial = bytes[AT.trial]!;
  const code = REVERSALS[bytes[AT.reversalCode]!];
  const image = getImage(view, AT.download);
  const state: BootState = {
    confirmed: confirmed as Slot,
    images: [getImage(view, AT.images), getImage(view, AT.images + IMAGE_BYTES)],
    floor: view.getUint32(AT.floor, true),
    ...(trial === NONE ? {} : { trial }),
    ...(image === undefined
      ? {}
      : { download: { image, sectors: view.getUint32(AT.sectors, true) } }),
    ...(code === undefined ? {} : { reversal: { version: getText(bytes, AT.reversal), code } }),
  };
  return { state, sequence: view.getUint32(AT.sequence, true) };
}

function putImage(view: DataView, at: number, image: SlotImage | undefined): void {
  if (image === undefined) return;
  view.setUint32(at, image.size, true);
  view.setUint32(at + 4, image.securityVersion, true);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(image.sha256, at + 8);
  putText(bytes, at + 40, image.version);
}

function getImage(view: DataView, at: number): SlotImage | undefined {
  const size = view.getUint32(at, true);
  if (size === 0) return undefined;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return {
    ...{
      size,
      securityVersion: view.getUint32(at + 4, true),
      sha256: bytes.slice(at + 8, at + 40),
    },
    version: getText(bytes, at + 40),
  };
}

function putText(bytes: Uint8Array, at: number, text: string): void {
  const utf8 = toUtf8(text).subarray(0, TEXT_MAX);
  bytes[at] = utf8.length;
  bytes.set(utf8, at + 1);
}

function getText(bytes: Uint8Array, at: number): string {
  return fromUtf8(bytes.subarray(at + 1, at + 1 + Math.min(bytes[at]!, TEXT_MAX)));
}
