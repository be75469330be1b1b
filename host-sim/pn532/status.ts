import type { AirFailure } from "../nfc/air-procedure.ts";

/** Error codes of UM0701-02 §7.1, as far as this model can come to report them. */
export const STATUS = Object.freeze({
  ok: 0x00,
  timeout: 0x01,
  crc: 0x02,
  collision: 0x06,
  rfProtocol: 0x0b,
  overheated: 0x0d,
  internalOverflow: 0x0e,
  invalidParameter: 0x10,
  notAcceptable: 0x27,
  overCurrent: 0x2d,
  /** Not an error: MI, more is to come. */
  moreInformation: 0x40,
});

/** How the chip names what went wrong on the air. */
export function statusOf(failure: AirFailure): number {
  switch (failure.failed) {
    case "timeout":
      return STATUS.timeout;
    case "crc":
      return STATUS.crc;
    case "collision":
      return STATUS.collision;
    case "protocol":
      return STATUS.rfProtocol;
  }
}
