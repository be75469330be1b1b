/**
 * CRC_A of ISO/IEC 14443-3 §6.2.4: x^16 + x^12 + x^5 + 1, reflected, preset 6363h.
 * The low byte goes over the air first; see {@link withCrcA}.
 */
export function crcA(bytes: Uint8Array): number {
  let crc = 0x6363;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]!;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  return crc;
}

/** The frame with its two CRC_A bytes behind it, in the order of transmission. */
export function withCrcA(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 2);
  out.set(bytes);
  const crc = crcA(bytes);
  out[bytes.length] = crc & 0xff;
  out[bytes.length + 1] = crc >> 8;
  return out;
}

/** Whether the last two bytes of a frame are the CRC_A of the others. */
export function hasCrcA(frame: Uint8Array): boolean {
  // Running the register over data and CRC together leaves zero exactly when they fit.
  return frame.length > 2 && crcA(frame) === 0;
}
