import type { Chip } from "./ntag424-chip.ts";
import { resetFailures } from "./ntag424-failures.ts";
import type { NativeCommand } from "./ntag424-native.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

const KEY_NUMBER_MAX = 4;
/** Bits 7 and 6 of KeyNo are RFU. */
const KEY_NUMBER_BITS = 0x3f;

/** GetKeyVersion (§10.6.2). Originality keys have version 0; bits 7 to 4 of KeyNo are RFU. */
export const keyVersion: NativeCommand = Object.freeze({
  headerLength: 1,
  mode: () => "mac" as const,
  run: (chip: Chip, header: Uint8Array, data: Uint8Array) => {
    const number = header[0]!;
    if (data.length > 0) return { sw: NATIVE.LENGTH_ERROR };
    if (number > 0x0f) return { sw: NATIVE.PARAMETER_ERROR };
    const atPicc = chip.session.level === "picc";
    if (number > KEY_NUMBER_MAX || (atPicc && number === 0)) return { sw: NATIVE.NO_SUCH_KEY };
    const version = atPicc ? 0 : chip.memory.keys[number]!.version;
    return { sw: NATIVE.OPERATION_OK, data: Uint8Array.of(version) };
  },
});

/** ChangeKey (§10.6.1): only with the AppMasterKey, and always in full mode. */
export const changeKey: NativeCommand = Object.freeze({
  headerLength: 1,
  mode: (chip: Chip) => {
    if (chip.session.level === "picc") return NATIVE.PERMISSION_DENIED;
    const allowed = chip.session.authentication?.keyNumber === 0;
    return allowed ? ("full" as const) : NATIVE.AUTHENTICATION_ERROR;
  },
  run: change,
});

function change(chip: Chip, header: Uint8Array, data: Uint8Array): ChipAnswer {
  const number = header[0]!;
  if (number > KEY_NUMBER_BITS) return { sw: NATIVE.PARAMETER_ERROR };
  if (number > KEY_NUMBER_MAX) return { sw: NATIVE.NO_SUCH_KEY };
  const { keys } = chip.memory;
  const own = number === 0;
  if (data.length !== (own ? 17 : 21)) return { sw: NATIVE.LENGTH_ERROR };
  let value = data.slice(0, 16);
  if (!own) {
    const old = keys[number]!.value;
    value = value.map((byte, i) => byte ^ old[i]!);
    const sent = data[17]! | (data[18]! << 8) | (data[19]! << 16) | (data[20]! << 24);
    if (crc32(value) !== sent) return { sw: NATIVE.INTEGRITY_ERROR };
  }
  keys[number] = { value, version: data[16]! };
  resetFailures(chip.memory, number);
  // The key of this session is gone, and the session with it: the answer has no MAC.
  if (own) chip.session.authentication = undefined;
  return { sw: NATIVE.OPERATION_OK };
}

/** CRC-32 of IEEE 802.3 without the complement at the end (Table 63), as a signed number. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 | 0 : 0);
  }
  return crc;
}
