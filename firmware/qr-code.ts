import { encode } from "uqr";

/** A QR code without its quiet zone. */
export interface QrCode {
  /** Modules on each side: 25 for version 2. */
  readonly size: number;
  /** One entry for each module, row by row; true is dark. */
  readonly modules: readonly boolean[];
}

/** 38 characters of the alphanumeric set at level M: ISO/IEC 18004:2015, table 7. */
export const QR_TEXT_MAX = 38;

/**
 * A version 2 code of level M, which can lose 15 % to reflections: 25 modules a side leave, at two
 * pixels each, a quiet zone of 3.5 modules on a display of 64 rows.
 *
 * The mask is always number 0. Which of the eight looks best matters on paper that is creased, not
 * on pixels, and to try them all would hold up the event loop eight times as long.
 * @param text digits, capitals and ` $%*+-./:`, at most {@link QR_TEXT_MAX} characters
 */
export function qrCode(text: string): QrCode {
  const settings = { ecc: "M", minVersion: 2, maxVersion: 2, maskPattern: 0, border: 0 } as const;
  const { size, data } = encode(text, settings);
  return { size, modules: data.flat() };
}
