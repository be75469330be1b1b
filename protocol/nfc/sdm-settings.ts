import { type AccessCondition, encodeFileSettings } from "../ntag424/file-settings.ts";

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

type KeyNo = Extract<AccessCondition, number>;

function keyNumber(name: string, value: number): KeyNo {
  if (Number.isInteger(value) && value >= 0 && value <= 4) return value as KeyNo;
  throw new RangeError(`sdm: ${name} ${value} is no key number`);
}

/**
 * The data of ChangeFileSettings for the NDEF file of a badge (§10.7.1, Table 69), 15 bytes,
 * before secure messaging. Reading is free; writing and changing need key 0.
 */
export function encodeSdmSettings(settings: SdmSettings): Uint8Array {
  const { piccOffset, macInputOffset, macOffset, counterReadKeyNo } = settings;
  if (macInputOffset > macOffset) throw new RangeError("sdm: the MAC's input starts after the MAC");
  const metaReadKeyNo = keyNumber("metaReadKeyNo", settings.metaReadKeyNo);
  const keyNo = keyNumber("fileReadKeyNo", settings.fileReadKeyNo);
  return encodeFileSettings({
    commMode: "plain",
    access: { read: "free", write: 0, readWrite: 0, change: 0 },
    sdm: {
      picc: {
        kind: "encrypted",
        keyNo: metaReadKeyNo,
        offset: piccOffset,
        uid: true,
        counter: true,
      },
      fileRead: { keyNo, macInputOffset, macOffset },
      counterRead:
        counterReadKeyNo === undefined ? "never" : keyNumber("counterReadKeyNo", counterReadKeyNo),
    },
  });
}
