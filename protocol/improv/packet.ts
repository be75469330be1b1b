import { concat } from "../encoding/bytes.ts";

/**
 * A packet of the Improv Wi-Fi serial protocol, version 1 (improv-wifi.com/serial):
 *
 * ```
 * "IMPROV"  version = 1  type  length  data …  checksum
 * ```
 * The checksum is the low byte of the sum of everything before it.
 */
export interface ImprovPacket {
  readonly type: number;
  readonly data: Uint8Array;
}

/** "IMPROV" and the version. */
export const IMPROV_HEADER = Object.freeze([0x49, 0x4d, 0x50, 0x52, 0x4f, 0x56, 0x01] as const);
/** What stands before the data. */
export const PACKET_HEAD_BYTES = IMPROV_HEADER.length + 2;
export const PACKET_DATA_MAX = 255;

export const IMPROV_TYPE = Object.freeze({ state: 1, error: 2, command: 3, result: 4 } as const);

/** Public tools know 2 to 4; 1 is the BLE edition's "waits for somebody at the device". */
export const IMPROV_STATE = Object.freeze({
  locked: 1,
  ready: 2,
  provisioning: 3,
  provisioned: 4,
} as const);

/** 4, "not authorised", is the BLE edition's. */
export const IMPROV_ERROR = Object.freeze({
  none: 0,
  invalid: 1,
  unknownCommand: 2,
  unableToConnect: 3,
  notAuthorised: 4,
  other: 0xff,
} as const);

/** Bytes for the wire. More than {@link PACKET_DATA_MAX} of data is a programming error. */
export function encodePacket(type: number, data: Uint8Array): Uint8Array {
  if (data.length > PACKET_DATA_MAX) throw new RangeError(`${data.length} bytes in a packet`);
  const body = concat(Uint8Array.from([...IMPROV_HEADER, type, data.length]), data);
  return concat(body, Uint8Array.of(checksum(body)));
}

/** The low byte of the sum. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i]!;
  return sum & 0xff;
}
