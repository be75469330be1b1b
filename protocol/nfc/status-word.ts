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
 * ISO/IEC 7816-4 §5.6 as far as the NTAG 424 DNA uses it (NT4H2421Gx Tables 86, 89, 92), and its
 * native codes 91xx (Table 23). The names are the data sheet's, written in kebab case.
 */
const NAMES: Readonly<Record<number, string>> = Object.freeze({
  36864: "ok",
  25985: "memory-failure",
  26368: "wrong-length",
  27010: "security-status-not-satisfied",
  27013: "conditions-of-use-not-satisfied",
  27264: "incorrect-parameters-in-data",
  27266: "file-not-found",
  27270: "incorrect-parameters-p1-p2",
  27271: "lc-inconsistent-with-p1-p2",
  27904: "instruction-not-supported",
  28160: "class-not-supported",
  37120: "operation-ok",
  37264: "operation-ok", // Read_Sig only
  37148: "illegal-command-code",
  37150: "integrity-error",
  37184: "no-such-key",
  37246: "length-error",
  37277: "permission-denied",
  37278: "parameter-error",
  37293: "authentication-delay",
  37294: "authentication-error",
  37295: "additional-frame",
  37310: "boundary-error",
  37322: "command-aborted",
  37358: "memory-error",
  37360: "file-not-found",
});

/** The name of a status word; families and strangers have one too, so that a log always says. */
export function statusWordName(sw: number): string {
  const name = NAMES[sw];
  if (name !== undefined) return name;
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
