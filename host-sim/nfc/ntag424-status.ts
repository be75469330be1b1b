/** Status words of the wrapped native commands, CLA 90 (NT4H2421Gx Table 23). */
export const NATIVE = Object.freeze({
  OPERATION_OK: 0x9100,
  /** Read_Sig ends with this instead of 9100 (seen on real tags). */
  SIGNATURE_OK: 0x9190,
  /** Of Read_Sig only (Table 95). */
  COMMAND_NOT_FOUND: 0x910b,
  COMMAND_FORMAT_ERROR: 0x910c,
  ILLEGAL_COMMAND_CODE: 0x911c,
  INTEGRITY_ERROR: 0x911e,
  NO_SUCH_KEY: 0x9140,
  LENGTH_ERROR: 0x917e,
  PERMISSION_DENIED: 0x919d,
  PARAMETER_ERROR: 0x919e,
  AUTHENTICATION_DELAY: 0x91ad,
  AUTHENTICATION_ERROR: 0x91ae,
  ADDITIONAL_FRAME: 0x91af,
  BOUNDARY_ERROR: 0x91be,
  COMMAND_ABORTED: 0x91ca,
  FILE_NOT_FOUND: 0x91f0,
});

/** Status words of the inter-industry commands, CLA 00 (Table 24). */
export const ISO = Object.freeze({
  OK: 0x9000,
  WRONG_LENGTH: 0x6700,
  SECURITY_STATUS: 0x6982,
  CONDITIONS_OF_USE: 0x6985,
  FILE_NOT_FOUND: 0x6a82,
  WRONG_P1_P2: 0x6a86,
  LC_INCONSISTENT: 0x6a87,
  INS_UNKNOWN: 0x6d00,
  CLA_UNKNOWN: 0x6e00,
});

/** Whether a native command did what it was asked to, or is on its way. */
export function isSuccess(sw: number): boolean {
  return sw === NATIVE.OPERATION_OK || sw === NATIVE.SIGNATURE_OK || sw === NATIVE.ADDITIONAL_FRAME;
}

/** What a command of the chip gives: a status word, and data where there is some. */
export interface ChipAnswer {
  readonly sw: number;
  readonly data?: Uint8Array;
}
