import type { Chip } from "./ntag424-chip.ts";
import type { ChipMemory } from "./ntag424-memory.ts";
import type { NativeCommand } from "./ntag424-native.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

/** Length of the data of each option (Table 50). */
const LENGTHS: Readonly<Record<string, number>> = Object.freeze({
  "0": 1,
  "4": 2,
  "5": 10,
  "10": 5,
  "11": 1,
});

/** SetConfiguration (§10.5.1): only with the AppMasterKey, and always in full mode. */
export const setConfiguration: NativeCommand = Object.freeze({
  headerLength: 1,
  mode: (chip: Chip) => {
    if (chip.session.level === "picc") return NATIVE.PERMISSION_DENIED;
    const allowed = chip.session.authentication?.keyNumber === 0;
    return allowed ? ("full" as const) : NATIVE.AUTHENTICATION_ERROR;
  },
  run: configure,
});

/** Bits that are RFU must be zero: demanded for option 00 (Table 52), and here for all. */
function configure(chip: Chip, header: Uint8Array, data: Uint8Array): ChipAnswer {
  const option = header[0]!;
  const length = LENGTHS[option];
  if (length === undefined) return { sw: NATIVE.PARAMETER_ERROR };
  if (data.length !== length) return { sw: NATIVE.LENGTH_ERROR };
  const { memory } = chip;
  const { configuration } = memory;
  switch (option) {
    case 0x00:
      if ((data[0]! & ~0x02) !== 0) return { sw: NATIVE.PARAMETER_ERROR };
      // Shows at the next activation; 0 means no change, so there is no way back.
      if (data[0] === 0x02) memory.randomId = true;
      break;
    case 0x04:
      if ((data[0]! & ~0x04) !== 0 || data[1] !== 0) return { sw: NATIVE.PARAMETER_ERROR };
      if (data[0] === 0x04) configuration.chainedWritesOff = true;
      break;
    case 0x05:
      return setCapabilities(chip, data);
    case 0x0a:
      return { sw: countFailures(memory, data) };
    default:
      if (data[0]! > 1) return { sw: NATIVE.PARAMETER_ERROR };
      configuration.strongBackModulation = data[0] === 1;
  }
  return { sw: NATIVE.OPERATION_OK };
}

/**
 * Capability data. The switch to LRP turns SDM off (§9.3.4.2), ends the AES session and is
 * answered without a MAC (AN12321 Table 3).
 */
function setCapabilities(chip: Chip, data: Uint8Array): ChipAnswer {
  const { configuration, files } = chip.memory;
  const rfu = [0, 1, 2, 3, 5, 6, 7].some((at) => data[at] !== 0);
  if (rfu || (data[4]! & ~0x02) !== 0) return { sw: NATIVE.PARAMETER_ERROR };
  configuration.pdCap5 = data[8]!;
  configuration.pdCap6 = data[9]!;
  if (data[4] === 0x02 && !configuration.lrp) {
    configuration.lrp = true;
    for (const file of files) file.sdm = undefined;
    chip.session.authentication = undefined;
  }
  return { sw: NATIVE.OPERATION_OK };
}

function countFailures({ configuration }: ChipMemory, data: Uint8Array): number {
  if (data[0]! > 1) return NATIVE.PARAMETER_ERROR;
  const limit = data[1]! | (data[2]! << 8);
  if (data[0] === 1) {
    if (limit === 0) return NATIVE.PARAMETER_ERROR;
    configuration.failureLimit = limit;
    configuration.failureDecrement = data[3]! | (data[4]! << 8);
  }
  configuration.failureCounting = data[0] === 1;
  return NATIVE.OPERATION_OK;
}
