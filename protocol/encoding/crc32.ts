/**
 * CRC-32 of Ethernet and zip (reflected EDB88320h, preset and final XOR FFFFFFFFh): an unsigned
 * 32-bit number. Bit by bit, without a table: it is for keys and short records.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]!;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}
