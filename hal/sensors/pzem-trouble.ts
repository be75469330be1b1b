import { LatchkeyError } from "../../protocol/errors.ts";
import type { ModbusAnswer } from "./modbus-answer.ts";

/** Abnormal codes of the manual (PZEM-004T V3.0 user manual §2.3). */
const EXCEPTIONS: Readonly<Record<number, string>> = Object.freeze({
  1: "illegal function",
  2: "illegal address",
  3: "illegal data",
  4: "slave error",
});

/** `f8h`, as the manual writes addresses. */
export function addressName(address: number): string {
  return `${address < 16 ? "0" : ""}${address.toString(16)}h`;
}

/**
 * The read-voltage command of the meters before v3 (address 192.168.1.1, sum as checksum), which
 * speak no Modbus. A v3 meter takes it for a frame with a wrong CRC and does nothing.
 */
export const OLD_PZEM_QUERY: readonly number[] = Object.freeze([
  0xb0, 0xc0, 0xa8, 0x01, 0x01, 0x00, 0x1a,
]);

/** Whether a v1 or v2 meter answered: `A0`, five bytes of data, their sum. */
export function isOldPzem(answer: Uint8Array): boolean {
  if (answer.length !== 7 || answer[0] !== 0xa0) return false;
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += answer[i]!;
  return (sum & 0xff) === answer[6];
}

/** The error for what came back, after the last attempt. `likeClash`: every attempt was. */
export function troubleWith(
  answer: Exclude<ModbusAnswer, { kind: "data" }>,
  address: number,
  likeClash: boolean,
): LatchkeyError {
  const detail = { address };
  const at = addressName(address);
  if (answer.kind === "silence") {
    const why = answer.echo
      ? "only the echo of the line comes back"
      : "is its mains on, is that its address, are TX and RX crossed?";
    const message = `No meter answers at ${at}: ${why}`;
    return new LatchkeyError("sensor-timeout", { message, detail });
  }
  if (answer.kind === "exception") {
    const { exception } = answer;
    const why = EXCEPTIONS[exception] ?? "for a reason that is not in its manual";
    const message = `The meter at ${at} refuses the command: ${why} (${exception}).`;
    return new LatchkeyError("sensor-refused", { message, detail: { address, exception } });
  }
  if (answer.kind === "stranger") {
    const message = `${at} was asked, and ${addressName(answer.address)} answers.`;
    return new LatchkeyError("sensor-wrong-chip", { message, detail });
  }
  if (answer.kind === "clash" || likeClash) {
    const message = `Several meters answer at ${at} at once.`;
    return new LatchkeyError("sensor-address-clash", { message, detail });
  }
  return new LatchkeyError("sensor-checksum", { detail });
}
