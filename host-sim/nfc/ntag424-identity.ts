import { concat } from "../../protocol/encoding/bytes.ts";
import type { Chip } from "./ntag424-chip.ts";
import type { NativeCommand } from "./ntag424-native.ts";
import { answerMac } from "./ntag424-secure-messaging.ts";
import type { VersionChain } from "./ntag424-session.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

/** HWSubType: 50 pF, with bit 7 for standard back modulation (Table 54; 08 seen on real tags). */
const HW_SUBTYPE = 0x08;
const HW_STANDARD_MODULATION = 0x80;

/** GetVersion in three frames: hardware, software, production (§10.5.2). */
export const startVersion: NativeCommand = Object.freeze({
  headerLength: 0,
  mode: () => "mac" as const,
  run: (chip: Chip, _header: Uint8Array, data: Uint8Array) => {
    if (data.length > 0) return { sw: NATIVE.LENGTH_ERROR };
    const strong = chip.memory.configuration.strongBackModulation;
    const subType = HW_SUBTYPE | (strong ? 0 : HW_STANDARD_MODULATION);
    return nextFrame(chip, [], Uint8Array.of(0x04, 0x04, subType, 0x30, 0x00, 0x11, 0x05));
  },
});

function nextFrame(chip: Chip, sent: readonly Uint8Array[], data: Uint8Array): ChipAnswer {
  chip.session.pending = { kind: "version", sent: [...sent, data] };
  return { sw: NATIVE.ADDITIONAL_FRAME, data };
}

/** The second and third frame; the MAC at the end is over all three. */
export function versionFrame(chip: Chip, chain: VersionChain, data: Uint8Array): ChipAnswer {
  if (data.length > 0) return { sw: NATIVE.LENGTH_ERROR };
  const { memory, session } = chip;
  if (chain.sent.length === 1) {
    const software = Uint8Array.of(0x04, 0x04, 0x02, 0x01, 0x02, 0x11, 0x05);
    return nextFrame(chip, chain.sent, software);
  }
  const uid = memory.randomId ? new Uint8Array(7) : memory.uid;
  const last = concat(uid, memory.production);
  const { authentication } = session;
  const sw = NATIVE.OPERATION_OK;
  if (authentication === undefined) return { sw, data: last };
  return { sw, data: concat(last, answerMac(authentication, sw, concat(...chain.sent, last))) };
}

/** GetCardUID: for those who hold a key (§10.5.3). */
export const cardUid: NativeCommand = Object.freeze({
  headerLength: 0,
  mode: (chip: Chip) =>
    chip.session.authentication === undefined ? NATIVE.AUTHENTICATION_ERROR : ("full" as const),
  run: (chip: Chip, _header: Uint8Array, data: Uint8Array) =>
    data.length > 0
      ? { sw: NATIVE.LENGTH_ERROR }
      : { sw: NATIVE.OPERATION_OK, data: chip.memory.uid },
});

/**
 * Read_Sig (§10.10.1). Its success is 9190 on real tags, and 90 goes into the MAC. Under Random
 * ID it is for those who hold a key; a chip without a signature of NXP's does not know it.
 */
export const readSignature: NativeCommand = Object.freeze({
  headerLength: 1,
  mode: (chip: Chip) => {
    const { signature, randomId } = chip.memory;
    if (signature === undefined) return NATIVE.ILLEGAL_COMMAND_CODE;
    const open = !randomId || chip.session.authentication !== undefined;
    return open ? ("full" as const) : NATIVE.COMMAND_NOT_FOUND;
  },
  run: (chip: Chip, header: Uint8Array, data: Uint8Array) =>
    header[0] !== 0 || data.length > 0
      ? { sw: NATIVE.COMMAND_FORMAT_ERROR }
      : { sw: NATIVE.SIGNATURE_OK, data: chip.memory.signature! },
});
