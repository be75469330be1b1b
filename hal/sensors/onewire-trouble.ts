import { LatchkeyError } from "../../protocol/errors.ts";

/** What can be wrong with a 1-Wire bus, whatever makes its pulses. */
export function nobodyAnswers(): LatchkeyError {
  return new LatchkeyError("sensor-absent", { message: "Nobody answers on the 1-Wire bus." });
}

/** @param detail what was heard, where it says more */
export function staysLow(detail: { readonly echo?: number } = {}): LatchkeyError {
  return new LatchkeyError("sensor-bus", {
    message: "The 1-Wire line stays low: a short, a missing pull-up, or a probe wired wrongly.",
    detail,
  });
}

export function notCarried(detail: { readonly echo?: number } = {}): LatchkeyError {
  return new LatchkeyError("sensor-bus", {
    message: "The 1-Wire line did not carry what was sent: noise, no pull-up, or a short to 3V3.",
    detail,
  });
}
