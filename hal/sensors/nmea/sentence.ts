import { toUtf8 } from "../../../protocol/encoding/utf8.ts";

/** A sentence whose checksum has been checked. */
export interface Sentence {
  /** `GP`, `GN`, …, or "" for a proprietary one. */
  readonly talker: string;
  /** `GGA`, `RMC`, …; of a proprietary one all before the first comma: `PMTK001`. */
  readonly type: string;
  /** What stands between the commas, without the address. */
  readonly fields: readonly string[];
}

/**
 * Who may give a position: GPS, any mix, GLONASS, Galileo, BeiDou under both of its names
 * (NMEA 0183 V4.11, table of talkers; `BD` is what Chinese receivers say).
 */
const TALKERS = Object.freeze(["GP", "GN", "GL", "GA", "GB", "BD"]);

const ASTERISK = 42;

/** XOR of all between `$` and `*` (NMEA 0183). */
export function nmeaChecksum(bytes: Uint8Array): number {
  let checksum = 0;
  for (let i = 0; i < bytes.length; i++) checksum ^= bytes[i]!;
  return checksum;
}

/** Takes apart what stands between `$` and `*`; `undefined` for a talker that is no receiver. */
export function parseSentence(text: string): Sentence | undefined {
  const [address = "", ...fields] = text.split(",");
  if (address.startsWith("P")) return { talker: "", type: address, fields };
  const talker = address.slice(0, 2);
  if (address.length !== 5 || !TALKERS.includes(talker)) return undefined;
  return { talker, type: address.slice(2), fields };
}

/** `$text*hh` with CR LF, as it goes over the line. */
export function nmeaLine(text: string): Uint8Array {
  const body = toUtf8(text);
  const line = new Uint8Array(body.length + 6);
  line[0] = 36; // $
  line.set(body, 1);
  const checksum = nmeaChecksum(body);
  const at = body.length + 1;
  line.set([ASTERISK, hexDigit(checksum >> 4), hexDigit(checksum & 15), 13, 10], at);
  return line;
}

function hexDigit(value: number): number {
  return value < 10 ? 48 + value : 55 + value;
}
