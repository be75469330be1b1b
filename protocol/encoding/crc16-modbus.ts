/**
 * CRC-16 of Modbus RTU (Modbus over Serial Line V1.02 §6.2.2): x^16 + x^15 + x^2 + 1, reflected
 * (A001h), preset FFFFh. The low byte goes over the line first; see {@link withCrc16Modbus}.
 */
export function crc16Modbus(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]!;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

/** The frame with its two CRC bytes behind it, in the order of transmission. */
export function withCrc16Modbus(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 2);
  out.set(bytes);
  const crc = crc16Modbus(bytes);
  out[bytes.length] = crc & 0xff;
  out[bytes.length + 1] = crc >> 8;
  return out;
}

/** Whether the last two bytes of a frame are the CRC of the others. */
export function hasCrc16Modbus(frame: Uint8Array): boolean {
  // Running the register over data and CRC together leaves zero exactly when they fit.
  return frame.length > 2 && crc16Modbus(frame) === 0;
}
