import { LatchkeyError } from "../errors.ts";

/**
 * ISO/IEC 7816-4 command and response APDUs with short length fields. Extended lengths are left
 * out on purpose: the NTAG 424 DNA knows only short ones (NT4H2421Gx §8.4, Table 16).
 */
export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  /** 1 to 255 bytes; absent and empty mean the same: no Lc field. */
  readonly data?: Uint8Array;
  /** Bytes expected in answer, 1 to 256 (256 travels as 00); absent: no Le field. */
  readonly le?: number;
}

export interface ResponseApdu {
  /** Up to 256 bytes. */
  readonly data: Uint8Array;
  /** SW1 in the high byte, SW2 in the low one: `0x9000`, `0x91af`, … */
  readonly sw: number;
}

/** Sends one C-APDU to the card in the field and gives its R-APDU. Rejects with LatchkeyError. */
export type Transceive = (apdu: Uint8Array) => Promise<Uint8Array>;

/** The longest short R-APDU: 256 bytes and the status word. */
export const RESPONSE_MAX = 258;

function malformedApdu(message: string): LatchkeyError {
  return new LatchkeyError("apdu-malformed", { message });
}

function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}

/** The bytes of a command (ISO/IEC 7816-4 §5.1, cases 1 to 4). RangeError on impossible fields. */
export function encodeCommand(command: CommandApdu): Uint8Array {
  const { cla, ins, p1, p2, data, le } = command;
  if (!(isByte(cla) && isByte(ins) && isByte(p1) && isByte(p2)))
    throw new RangeError("apdu: CLA, INS, P1 and P2 are bytes");
  const lc = data?.length ?? 0;
  if (lc > 255) throw new RangeError(`apdu: ${lc} data bytes, at most 255`);
  if (le !== undefined && !(Number.isInteger(le) && le >= 1 && le <= 256))
    throw new RangeError(`apdu: Le ${le}, must be 1 to 256`);
  const out = new Uint8Array(4 + (lc > 0 ? 1 + lc : 0) + (le === undefined ? 0 : 1));
  out.set([cla, ins, p1, p2]);
  if (data !== undefined && lc > 0) {
    out[4] = lc;
    out.set(data, 5);
  }
  if (le !== undefined) out[out.length - 1] = le & 0xff;
  return out;
}

/**
 * The command in some bytes. `data` is a copy.
 * @throws apdu-malformed when the lengths do not add up, or are extended.
 */
export function parseCommand(bytes: Uint8Array): CommandApdu {
  if (bytes.length < 4) throw malformedApdu(`a command has 4 bytes or more, not ${bytes.length}`);
  const header = { cla: bytes[0]!, ins: bytes[1]!, p1: bytes[2]!, p2: bytes[3]! };
  if (bytes.length === 4) return header;
  const last = bytes[bytes.length - 1]!;
  const le = last === 0 ? 256 : last;
  if (bytes.length === 5) return { ...header, le };
  const lc = bytes[4]!;
  if (lc === 0) throw malformedApdu("Lc is zero, or the lengths are extended");
  const data = bytes.slice(5, 5 + lc);
  if (bytes.length === 5 + lc) return { ...header, data };
  if (bytes.length === 6 + lc) return { ...header, data, le };
  throw malformedApdu(`Lc says ${lc}, but ${bytes.length - 5} bytes follow`);
}

/**
 * The answer in some bytes. `data` is a copy.
 * @throws apdu-malformed when there is no status word, or more than a short answer can hold.
 */
export function parseResponse(bytes: Uint8Array): ResponseApdu {
  if (bytes.length < 2 || bytes.length > RESPONSE_MAX)
    throw malformedApdu(`a response has 2 to ${RESPONSE_MAX} bytes, not ${bytes.length}`);
  const end = bytes.length - 2;
  return { data: bytes.slice(0, end), sw: (bytes[end]! << 8) | bytes[end + 1]! };
}

/** The bytes of an answer. RangeError on impossible fields. */
export function encodeResponse(response: ResponseApdu): Uint8Array {
  const { data, sw } = response;
  if (data.length > 256) throw new RangeError(`apdu: ${data.length} bytes, at most 256`);
  if (!(Number.isInteger(sw) && sw >= 0 && sw <= 0xffff)) throw new RangeError("apdu: bad SW");
  const out = new Uint8Array(data.length + 2);
  out.set(data);
  out[data.length] = sw >> 8;
  out[data.length + 1] = sw & 0xff;
  return out;
}
