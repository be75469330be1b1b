import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";

/**
 * The status byte of InDataExchange, InRelease, Diagnose and others (UM0701-02 §7.1): bits 0-5
 * say what went wrong, bit 6 is "more to come" (MI), bit 7 "a node address follows" (NAD).
 */
export const STATUS_ERROR_MASK = 0x3f;
export const STATUS_MORE = 0x40;

interface StatusEntry {
  readonly name: string;
  readonly title: string;
}

const OTHER: StatusEntry = Object.freeze({ name: "unknown", title: "a status not documented" });

const table: Readonly<Record<number, StatusEntry>> = Object.freeze({
  1: { name: "timeout", title: "the target did not answer" },
  2: { name: "crc", title: "wrong CRC from the target" },
  3: { name: "parity", title: "wrong parity from the target" },
  4: { name: "bit-count", title: "wrong bit count during anticollision" },
  5: { name: "mifare-framing", title: "framing error during a MIFARE operation" },
  6: { name: "bit-collision", title: "abnormal bit collision at 106 kbit/s" },
  7: { name: "buffer-size", title: "communication buffer too small" },
  9: { name: "rf-buffer-overflow", title: "the RF buffer overflowed" },
  10: { name: "rf-field", title: "the RF field was not switched on in time" },
  11: { name: "rf-protocol", title: "the target broke the RF protocol" },
  13: { name: "overheat", title: "the antenna drivers are too hot" },
  14: { name: "internal-buffer-overflow", title: "the internal buffer overflowed" },
  16: { name: "parameter", title: "a parameter is out of range" },
  18: { name: "dep-command", title: "the target does not take this command" },
  19: { name: "data-format", title: "the data does not have the form agreed" },
  20: { name: "authentication", title: "MIFARE authentication failed" },
  35: { name: "uid-check-byte", title: "the UID's check byte is wrong" },
  37: { name: "device-state", title: "the chip is in a state that does not allow this" },
  38: { name: "not-allowed", title: "not allowed in this configuration" },
  39: { name: "context", title: "not acceptable in the present context" },
  41: { name: "released", title: "the target was released by its initiator" },
  42: { name: "card-swapped", title: "another card took the place of the one expected" },
  43: { name: "card-missing", title: "the card has disappeared" },
  44: { name: "nfcid3", title: "the NFCID3 do not match" },
  45: { name: "over-current", title: "over-current at the antenna" },
  46: { name: "nad", title: "the node address is missing" },
});

/** Every documented error status, for tests and documentation. */
export const PN532_STATUSES: readonly number[] = Object.freeze(Object.keys(table).map(Number));

/** The stable name of a status, such as `rf-protocol`; `unknown` for one not documented. */
export function statusName(status: number): string {
  return (table[status & STATUS_ERROR_MASK] ?? OTHER).name;
}

/** The typed error of a status byte whose error bits are not 0. */
export function statusError(status: number, command: string): LatchkeyError {
  const error = status & STATUS_ERROR_MASK;
  const { name, title } = table[error] ?? OTHER;
  return new LatchkeyError("pn532-status", {
    message: `${command}: ${title} (status ${hexByte(error)})`,
    detail: { status: hexByte(error), name, command },
  });
}

/** The status in an error made by {@link statusError}, or `undefined` for any other error. */
export function statusOf(error: unknown): number | undefined {
  if (!isLatchkeyError(error, "pn532-status")) return undefined;
  return Number.parseInt(String(error.detail["status"]), 16);
}

/** Whether the chip lost its target: list it again, there is nothing wrong with the chip. */
export function isTargetLost(status: number | undefined): boolean {
  return (
    status === 0x01 ||
    status === 0x0a ||
    status === 0x25 ||
    status === 0x27 ||
    status === 0x29 ||
    status === 0x2b
  );
}

/** Whether the antenna must rest: field off and wait. */
export function isAntennaOverload(status: number | undefined): boolean {
  return status === 0x0d || status === 0x2d;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
