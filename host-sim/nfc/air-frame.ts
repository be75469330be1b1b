import { withCrcA } from "./crc-a.ts";

/** Carrier frequency in MHz, so that `n / CARRIER_MHZ` turns carrier periods into µs. */
export const CARRIER_MHZ = 13.56;

/** One elementary time unit at 106 kbit/s: 128 carrier periods, 9.44 µs. */
export const ETU_US = 128 / CARRIER_MHZ;

/** Frame delay time PCD to PICC after a last bit of 0 and 1 (ISO/IEC 14443-3 §6.2.1.1). */
const FDT_AFTER_0_US = 1172 / CARRIER_MHZ;
const FDT_AFTER_1_US = 1236 / CARRIER_MHZ;

/** The least time from the end of a card's frame to the reader's next (§6.2.1.2). */
export const FDT_TO_PCD_US = 1172 / CARRIER_MHZ;

/** Least time between two requests (§6.2.2, 7000 carrier periods); also how long REQA waits. */
export const REQUEST_GUARD_US = 7000 / CARRIER_MHZ;

/** How long a card may take from the field's rise until it answers (ISO/IEC 14443-3 §5). */
export const POWER_UP_US = 5000;

/** Bits on the air, least significant first in each byte; `bits` may end inside a byte. */
export interface AirFrame {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** A frame of whole bytes, sent as they are. */
export function plainFrame(bytes: Uint8Array): AirFrame {
  return { bytes, bits: bytes.length * 8 };
}

/** A frame of whole bytes with CRC_A appended. */
export function crcFrame(bytes: Uint8Array): AirFrame {
  return plainFrame(withCrcA(bytes));
}

/** REQA and WUPA: seven bits, no parity (§6.2.3.1). */
export function shortFrame(command: number): AirFrame {
  return { bytes: Uint8Array.of(command), bits: 7 };
}

/**
 * Time on the air: start bit, data, a parity bit after each whole byte, and the end of the
 * communication (one bit time from a card, two from a reader).
 */
export function airTimeUs(frame: AirFrame, from: "pcd" | "picc"): number {
  const parity = Math.floor(frame.bits / 8);
  return (1 + frame.bits + parity + (from === "pcd" ? 2 : 1)) * ETU_US;
}

/** When a card may start to answer: exact for requests and selection, a minimum otherwise. */
export function frameDelayUs(frame: AirFrame): number {
  const last = frame.bits - 1;
  const byte = frame.bytes[last >> 3] ?? 0;
  if (frame.bits % 8 !== 0) return (byte >> (last & 7)) & 1 ? FDT_AFTER_1_US : FDT_AFTER_0_US;
  // A whole byte ends in its odd parity bit.
  let ones = 0;
  for (let bit = 0; bit < 8; bit++) ones += (byte >> bit) & 1;
  return ones % 2 === 0 ? FDT_AFTER_1_US : FDT_AFTER_0_US;
}

/** Bit `index` of the frame. */
export function bitAt(frame: AirFrame, index: number): number {
  return ((frame.bytes[index >> 3] ?? 0) >> (index & 7)) & 1;
}

/** Frame sizes by FSCI and FSDI (ISO/IEC 14443-4 Table 1); codes above 8 are read as 8. */
export function frameSize(code: number): number {
  return [16, 24, 32, 40, 48, 64, 96, 128, 256][Math.min(code, 8)]!;
}

/** Frame waiting time of FWI, and start-up guard time of SFGI: 4096/fc · 2^i (§7.2). */
export function waitingTimeUs(exponent: number): number {
  return (4096 / CARRIER_MHZ) * 2 ** (exponent === 15 ? 4 : exponent);
}
