import { damaged } from "./frame.ts";

/** Command codes (UM0701-02 §7). The reply carries the code + 1. */
export const COMMAND = Object.freeze({
  Diagnose: 0x00,
  GetFirmwareVersion: 0x02,
  SetParameters: 0x12,
  SAMConfiguration: 0x14,
  RFConfiguration: 0x32,
  InDataExchange: 0x40,
  InListPassiveTarget: 0x4a,
  InRelease: 0x52,
});
export type CommandName = keyof typeof COMMAND;

/** Most APDU bytes of one InDataExchange; more needs chaining (MI). */
export const EXCHANGE_DATA_MAX = 262;

/** SetParameters bits (§7.2.9): ATR_RES and RATS are sent by the chip itself. */
export const PARAMETERS_AUTO = 0x14;

/** RFConfiguration items (§7.3.1). */
export const RF_ITEM = Object.freeze({
  field: 0x01,
  timings: 0x02,
  /** MxRtyCOM: how often the chip itself repeats a block that was lost or damaged on the air. */
  exchangeRetries: 0x04,
  maxRetries: 0x05,
});

/** Diagnose tests (§7.2.1). */
export const DIAGNOSE = Object.freeze({
  communication: 0x00,
  rom: 0x01,
  ram: 0x02,
  presence: 0x06,
});

export interface FirmwareVersion {
  /** 0x32 for the PN532. */
  readonly ic: number;
  /** For example `1.6`. */
  readonly version: string;
  /** Bit 0 ISO 14443 A, bit 1 ISO 14443 B, bit 2 ISO 18092. */
  readonly support: number;
}

/** A card that InListPassiveTarget found and selected (106 kbit/s, type A). */
export interface Target {
  /** The chip's number for it, 1 or 2. */
  readonly tg: number;
  /** SENS_RES as the chip reports it: 0x0344 for NTAG 424 DNA. */
  readonly atqa: number;
  readonly sak: number;
  /** 4, 7 or 10 bytes. */
  readonly uid: Uint8Array;
  /** Answer to select with its length byte; empty when the card does not speak ISO-DEP. */
  readonly ats: Uint8Array;
}

/** `32 01 06 07` → PN532 firmware 1.6. @throws pn532-frame */
export function parseFirmwareVersion(data: Uint8Array): FirmwareVersion {
  if (data.length < 4) throw damaged("GetFirmwareVersion: too short");
  return { ic: data[0]!, version: `${data[1]!}.${data[2]!}`, support: data[3]! };
}

/**
 * The reply to InListPassiveTarget at 106 kbit/s type A (§7.3.5):
 * `NbTg { Tg SENS_RES(2) SEL_RES NFCIDLength NFCID1… [ATSLength ATS…] }`.
 * The ATS is there exactly when bit 5 of SEL_RES says ISO 14443-4 and automatic RATS is on.
 * @throws pn532-frame
 */
export function parseTargets(data: Uint8Array): Target[] {
  const count = data[0];
  if (count === undefined || count > 2) throw damaged("InListPassiveTarget: target count");
  const targets: Target[] = [];
  let at = 1;
  for (let i = 0; i < count; i++) {
    const uidBytes = data[at + 4];
    if (uidBytes === undefined) throw damaged("InListPassiveTarget: truncated");
    if (uidBytes !== 4 && uidBytes !== 7 && uidBytes !== 10)
      throw damaged("InListPassiveTarget: UID length");
    const sak = data[at + 3]!;
    const uidEnd = at + 5 + uidBytes;
    const atsBytes = (sak & 0x20) !== 0 ? (data[uidEnd] ?? 0) : 0;
    const end = uidEnd + atsBytes;
    if (end > data.length) throw damaged("InListPassiveTarget: truncated");
    targets.push({
      tg: data[at]!,
      atqa: (data[at + 1]! << 8) | data[at + 2]!,
      sak,
      uid: data.slice(at + 5, uidEnd),
      ats: data.slice(uidEnd, end),
    });
    at = end;
  }
  return targets;
}
