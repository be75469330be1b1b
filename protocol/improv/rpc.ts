import { concat, uintBE } from "../encoding/bytes.ts";
import { fromUtf8, toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";
import { encodePacket, IMPROV_TYPE } from "./packet.ts";

/**
 * Commands of the Improv serial protocol, and from E0 on ours. A device that is not Latchkey
 * answers those with "unknown command", as the protocol wants it.
 */
export const IMPROV_COMMAND = Object.freeze({
  wifi: 0x01,
  state: 0x02,
  info: 0x03,
  scan: 0x04,
  /** Which node this is. */
  describe: 0xe0,
  /** How far it has come. */
  progress: 0xe1,
  /** A configuration follows. */
  begin: 0xe2,
  piece: 0xe3,
  /** Check the configuration, keep it, start with it. */
  commit: 0xe4,
} as const);

/** A result's strings, with what counts them. */
export const RESULT_BYTES_MAX = 253;
/** Of a configuration in one packet: the packet fits the 128 bytes that a busy UART holds. */
export const PIECE_BYTES_MAX = 96;

export interface ImprovCommand {
  readonly command: number;
  readonly data: Uint8Array;
}

/** A whole packet. */
export function encodeCommand(command: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  return encodePacket(IMPROV_TYPE.command, concat(Uint8Array.of(command, data.length), data));
}

/** The data of a command packet. @throws malformed */
export function parseCommand(data: Uint8Array): ImprovCommand {
  const [command, length] = data;
  if (command === undefined || length !== data.length - 2)
    throw malformed("command", "wrong length");
  return { command, data: data.slice(2) };
}

/**
 * A whole packet. Strings that find no room are cut: what they tell is for people, and a node
 * must not stop over it.
 */
export function encodeResult(command: number, strings: readonly string[]): Uint8Array {
  const out: number[] = [];
  for (const text of strings) {
    const room = RESULT_BYTES_MAX - out.length - 1;
    if (room < 0) break;
    let bytes = toUtf8(text);
    for (let cut = text; bytes.length > room; bytes = toUtf8(cut)) cut = cut.slice(0, -1);
    out.push(bytes.length, ...bytes);
  }
  return encodePacket(IMPROV_TYPE.result, Uint8Array.from([command, out.length, ...out]));
}

export interface ImprovResult {
  readonly command: number;
  readonly strings: readonly string[];
}

/** The data of a result packet. @throws malformed */
export function parseResult(data: Uint8Array): ImprovResult {
  const [command, length] = data;
  if (command === undefined || length !== data.length - 2)
    throw malformed("result", "wrong length");
  const strings: string[] = [];
  for (let at = 2; at < data.length; ) {
    const end = at + 1 + data[at]!;
    if (end > data.length) throw malformed("result", "a string ends outside");
    strings.push(fromUtf8(data.subarray(at + 1, end), "result"));
    at = end;
  }
  return { command, strings };
}

export interface WifiSettings {
  readonly ssid: string;
  /** Empty for an open network. */
  readonly password: string;
}

/** Data of the command `wifi`. */
export function encodeWifi({ ssid, password }: WifiSettings): Uint8Array {
  const name = toUtf8(ssid);
  const secret = toUtf8(password);
  return concat(Uint8Array.of(name.length), name, Uint8Array.of(secret.length), secret);
}

/**
 * IEEE 802.11-2020 §9.4.2.2 and J.4.1: a name has 1 to 32 bytes, a passphrase 8 to 63.
 * @throws malformed
 */
export function parseWifi(data: Uint8Array): WifiSettings {
  const nameEnd = 1 + (data[0] ?? 0);
  const end = nameEnd + 1 + (data[nameEnd] ?? 0);
  if (data.length < 2 || end !== data.length) throw malformed("wifi", "wrong length");
  const ssid = fromUtf8(data.subarray(1, nameEnd), "ssid");
  const password = fromUtf8(data.subarray(nameEnd + 1), "password");
  if (nameEnd < 2 || nameEnd > 33) throw malformed("ssid", "must have 1 to 32 bytes");
  const length = password.length;
  if (length > 0 && (length < 8 || length > 63))
    throw malformed("password", "must have 8 to 63 characters");
  return { ssid, password };
}

/** Data of the command `begin`: size and CRC-32 of the whole configuration. */
export function encodeBegin(bytes: number, crc: number): Uint8Array {
  return concat(uintBE(bytes, 2), uintBE(crc, 4));
}

/** Data of the command `piece`: where it belongs, and its bytes. */
export function encodePiece(offset: number, bytes: Uint8Array): Uint8Array {
  return concat(uintBE(offset, 2), bytes);
}
