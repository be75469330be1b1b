import { uintBE } from "../encoding/bytes.ts";

/** SDM with encrypted PICC data and a MAC, as far as a badge needs it (NT4H2421Gx Table 69). */
export interface SdmSettings {
  /** Key number 0 to 4 that encrypts UID and counter. */
  readonly metaReadKeyNo: number;
  /** Key number 0 to 4 from which the MAC's session key comes. */
  readonly fileReadKeyNo: number;
  /** Key number 0 to 4 that may ask for the counter; nobody when absent. */
  readonly counterReadKeyNo?: number;
  readonly piccOffset: number;
  readonly macInputOffset: number;
  readonly macOffset: number;
}

/** FileOption: SDM on, CommMode.Plain. */
const SDM_PLAIN = 0x40;
/** SDMOptions: UID, SDMReadCtr, ASCII. */
const UID_COUNTER_ASCII = 0xc1;
const NOBODY = 0xf;

function keyNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 4) return value;
  throw new RangeError(`sdm: ${name} ${value} is no key number`);
}

/**
 * The data of ChangeFileSettings for the NDEF file (§10.7.1, Table 69), 15 bytes, before secure
 * messaging. Reading is free; writing and changing need key 0. All numbers go LSB first.
 */
export function encodeSdmSettings(settings: SdmSettings): Uint8Array {
  const { piccOffset, macInputOffset, macOffset, counterReadKeyNo } = settings;
  const metaRead = keyNumber("metaReadKeyNo", settings.metaReadKeyNo);
  const fileRead = keyNumber("fileReadKeyNo", settings.fileReadKeyNo);
  const counterRead =
    counterReadKeyNo === undefined ? NOBODY : keyNumber("counterReadKeyNo", counterReadKeyNo);
  if (macInputOffset > macOffset) throw new RangeError("sdm: the MAC's input starts after the MAC");
  const offsets = [piccOffset, macInputOffset, macOffset].flatMap((offset) => [
    ...uintBE(offset, 3).reverse(),
  ]);
  const accessRights = [0x00, 0xe0]; // Read E (free); Write, ReadWrite and Change key 0
  const sdmAccessRights = [0xf0 | counterRead, (metaRead << 4) | fileRead];
  return Uint8Array.of(
    SDM_PLAIN,
    ...accessRights,
    UID_COUNTER_ASCII,
    ...sdmAccessRights,
    ...offsets,
  );
}
