import { type AirFrame, bitAt } from "./air-frame.ts";
import { withoutCrcA } from "./crc-a.ts";

/** The cascade tag: a UID goes on at the next level (ISO/IEC 14443-3 §6.4.4). */
export const CASCADE_TAG = 0x88;
/** SAK bit 3: this level's UID is not complete. */
export const SAK_CASCADE = 0x04;
/** SEL codes of the three cascade levels. */
export const SEL = Object.freeze([0x93, 0x95, 0x97]);

/** The four UID bytes that each cascade level shows, with their check byte BCC. */
export function cascadeLevels(uid: Uint8Array): Uint8Array[] {
  const levels: Uint8Array[] = [];
  for (let at = 0; at < uid.length; ) {
    const last = uid.length - at <= 4;
    const four = last
      ? uid.slice(at, at + 4)
      : Uint8Array.of(CASCADE_TAG, uid[at]!, uid[at + 1]!, uid[at + 2]!);
    levels.push(Uint8Array.of(...four, four[0]! ^ four[1]! ^ four[2]! ^ four[3]!));
    at += last ? 4 : 3;
  }
  return levels;
}

export type SelectStep =
  | { readonly kind: "bits"; readonly frame: AirFrame }
  | { readonly kind: "selected" }
  | { readonly kind: "silent" };

const SILENT: SelectStep = Object.freeze({ kind: "silent" });

/**
 * What a card in READY does with an anticollision or SELECT frame for cascade `level` (0-2):
 * answers with the rest of its UID if the known bits are its own, or is selected.
 */
export function selectStep(frame: AirFrame, level: number, own: Uint8Array): SelectStep {
  const { bytes, bits } = frame;
  if (bits < 16 || bytes[0] !== SEL[level]) return SILENT;
  const nvb = bytes[1]!;
  if (nvb === 0x70) {
    const body = bits === 72 ? withoutCrcA(bytes) : undefined;
    if (body === undefined) return SILENT;
    return own.every((byte, i) => body[2 + i] === byte) ? { kind: "selected" } : SILENT;
  }
  const known = (nvb >> 4) * 8 + (nvb & 15) - 16;
  if (known < 0 || known >= 40 || (nvb & 15) > 7 || bits !== known + 16) return SILENT;
  for (let i = 0; i < known; i++) {
    if (bitAt(frame, 16 + i) !== ((own[i >> 3]! >> (i & 7)) & 1)) return SILENT;
  }
  const rest = new Uint8Array(Math.ceil((40 - known) / 8));
  for (let i = known; i < 40; i++) {
    const to = i - known;
    rest[to >> 3] = rest[to >> 3]! | (((own[i >> 3]! >> (i & 7)) & 1) << (to & 7));
  }
  return { kind: "bits", frame: { bytes: rest, bits: 40 - known } };
}
