import { LatchkeyError } from "../errors.ts";

/** The card's second answer does not prove that it holds the key. */
export function proofInvalid(message?: string): LatchkeyError {
  return new LatchkeyError("card-proof-invalid", message === undefined ? {} : { message });
}

/** An answer of the wrong length: "the PCD rejects" it (NT4H2421Gx §9.1.5). */
export function answerLength(part: number, length: number): LatchkeyError {
  return new LatchkeyError("card-protocol", {
    message: `Part ${part} of the authentication was answered with ${length} bytes.`,
  });
}
