/**
 * CRC_A (ISO/IEC 14443-3 §6.2.4): x^16 + x^12 + x^5 + 1 reflected, preset 0x6363, low byte first.
 * Written for the air alone: the drivers have their own, so that both would have to be wrong.
 */
export function crcA(data: Uint8Array): number {
  let crc = 0x6363;
  for (let i = 0; i < data.length; i++) {
    crc ^= data[i]!;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  return crc;
}

/** The bytes with their CRC_A behind them. */
export function withCrcA(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 2);
  const crc = crcA(data);
  out.set(data);
  out[data.length] = crc & 0xff;
  out[data.length + 1] = crc >> 8;
  return out;
}

/** The bytes without their CRC_A, or `undefined` when it does not fit. */
export function withoutCrcA(frame: Uint8Array): Uint8Array | undefined {
  if (frame.length < 3) return undefined;
  const body = frame.subarray(0, frame.length - 2);
  const crc = crcA(body);
  if (frame[frame.length - 2] !== (crc & 0xff) || frame[frame.length - 1] !== crc >> 8) {
    return undefined;
  }
  return body.slice();
}
