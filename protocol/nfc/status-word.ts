import { LatchkeyError } from "../errors.ts";
import type { ResponseApdu } from "./apdu.ts";

/** ISO/IEC 7816-4: done. */
export const SW_OK = 0x9000;
/** NXP native: OPERATION_OK. */
export const SW_NATIVE_OK = 0x9100;
/** NXP native: ADDITIONAL_FRAME, ask on with AFh. */
export const SW_ADDITIONAL_FRAME = 0x91af;
export const SW_FILE_NOT_FOUND = 0x6a82;
export const SW_WRONG_P1_P2 = 0x6a86;

/**
 * ISO/IEC 7816-4 §5.6 as far as the NTAG 424 DNA uses it (NT4H2421Gx Table 24), and its native
 * codes 91xx (Table 23; Table 95 for Read_Sig). The names are the data sheet's, written in kebab case.
 */
const NAMES: readonly (readonly [sw: number, name: string])[] = Object.freeze([
  [0x9000, "ok"],
  [0x6581, "memory-failure"],
  [0x6700, "wrong-length"],
  [0x6982, "security-status-not-satisfied"],
  [0x6985, "conditions-of-use-not-satisfied"],
  [0x6a80, "incorrect-parameters-in-data"],
  [0x6a82, "file-not-found"],
  [0x6a86, "incorrect-parameters-p1-p2"],
  [0x6a87, "lc-inconsistent-with-p1-p2"],
  [0x6d00, "instruction-not-supported"],
  [0x6e00, "class-not-supported"],
  [0x9100, "operation-ok"],
  [0x9190, "operation-ok"], // Read_Sig only
  [0x910b, "command-not-found"], // Read_Sig only
  [0x910c, "command-format-error"], // Read_Sig only
  [0x911c, "illegal-command-code"],
  [0x911e, "integrity-error"],
  [0x9140, "no-such-key"],
  [0x917e, "length-error"],
  [0x919d, "permission-denied"],
  [0x919e, "parameter-error"],
  [0x91ad, "authentication-delay"],
  [0x91ae, "authentication-error"],
  [0x91af, "additional-frame"],
  [0x91be, "boundary-error"],
  [0x91ca, "command-aborted"],
  [0x91ee, "memory-error"],
  [0x91f0, "file-not-found"],
] as const);

/** The name of a status word; families and strangers have one too, so that a log always says. */
export function statusWordName(sw: number): string {
  const known = NAMES.find(([word]) => word === sw);
  if (known !== undefined) return known[1];
  const sw1 = sw >> 8;
  if (sw1 === 0x61) return "more-data-available";
  if (sw1 === 0x6c) return "wrong-le-field";
  if (sw1 === 0x63) return "warning-state-changed";
  return "unknown-status-word";
}

/** The error for a card that answered `sw` to the command called `instruction`. */
export function cardStatusError(sw: number, instruction: string): LatchkeyError {
  const hex = (sw & 0xffff).toString(16).padStart(4, "0");
  const name = statusWordName(sw);
  return new LatchkeyError("card-status", {
    message: `The card answered ${instruction} with ${hex} (${name}).`,
    detail: { sw: hex, name, instruction },
  });
}

/**
 * The data of an answer whose status word must be `expected`.
 * @throws card-status
 */
export function expectStatus(
  response: ResponseApdu,
  expected: number,
  instruction: string,
): Uint8Array {
  if (response.sw !== expected) throw cardStatusError(response.sw, instruction);
  return response.data;
}
