/**
 * CRC-8 of 1-Wire (x^8 + x^5 + x^4 + 1, reflected, preset 0; Maxim AN27), by nibbles.
 * A message with its CRC behind it gives 0. So do zeroes alone, which is why no caller may trust it
 * without a look at a byte that cannot be zero.
 */
const TABLE: readonly number[] = Object.freeze([
  0x00, 0x9d, 0x23, 0xbe, 0x46, 0xdb, 0x65, 0xf8, 0x8c, 0x11, 0xaf, 0x32, 0xca, 0x57, 0xe9, 0x74,
]);

export function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]!;
    crc = (crc >> 4) ^ TABLE[crc & 15]!;
    crc = (crc >> 4) ^ TABLE[crc & 15]!;
  }
  return crc;
}
