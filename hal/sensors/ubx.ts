/** UBX, u-blox's binary protocol, as far as the driver speaks it (GPS.G6-SW-10018, u-blox 6). */

export const UBX_SYNC_1 = 0xb5;
export const UBX_SYNC_2 = 0x62;
/** Sync characters, class, id, length, checksum. */
export const UBX_OVERHEAD_BYTES = 8;

/** A message, its checksum checked. */
export interface UbxMessage {
  readonly messageClass: number;
  readonly messageId: number;
  readonly payload: Uint8Array;
}

/**
 * The 8-bit Fletcher checksum over class, id, length and payload: CK_A in the low byte, CK_B in
 * the high one, which is the order of transmission ("UBX Checksum").
 */
export function ubxChecksum(bytes: Uint8Array): number {
  let a = 0;
  let b = 0;
  for (let i = 0; i < bytes.length; i++) {
    a = (a + bytes[i]!) & 0xff;
    b = (b + a) & 0xff;
  }
  return (b << 8) | a;
}

/** The message as it goes over the line. */
export function ubxFrame({ messageClass, messageId, payload }: UbxMessage): Uint8Array {
  const frame = new Uint8Array(payload.length + UBX_OVERHEAD_BYTES);
  frame.set([UBX_SYNC_1, UBX_SYNC_2, messageClass, messageId]);
  frame[4] = payload.length & 0xff;
  frame[5] = payload.length >> 8;
  frame.set(payload, 6);
  const checksum = ubxChecksum(frame.subarray(2, -2));
  frame[frame.length - 2] = checksum & 0xff;
  frame[frame.length - 1] = checksum >> 8;
  return frame;
}

const CFG = 0x06;
const CFG_MSG = 0x01;
const CFG_RATE = 0x08;
const ACK = 0x05;
const ACK_ACK = 0x01;
/** The class of NMEA's own sentences in CFG-MSG. */
const NMEA_STANDARD = 0xf0;

/** Ids of the sentences in that class ("NMEA messages overview"). */
export const UBX_NMEA_IDS = Object.freeze({
  GGA: 0x00,
  GLL: 0x01,
  GSA: 0x02,
  GSV: 0x03,
  RMC: 0x04,
  VTG: 0x05,
});
export type UbxSentence = keyof typeof UBX_NMEA_IDS;

/** CFG-MSG (06 01): a sentence with every n-th position on this port; 0 switches it off. */
export function cfgMsg(sentence: UbxSentence, every: number): UbxMessage {
  const payload = Uint8Array.of(NMEA_STANDARD, UBX_NMEA_IDS[sentence], every);
  return { messageClass: CFG, messageId: CFG_MSG, payload };
}

/** CFG-RATE (06 08): a position every `periodMs`, aligned to GPS time as from the factory. */
export function cfgRate(periodMs: number): UbxMessage {
  const payload = Uint8Array.of(periodMs & 0xff, periodMs >> 8, 1, 0, 1, 0);
  return { messageClass: CFG, messageId: CFG_RATE, payload };
}

/**
 * What ACK-ACK (05 01) or ACK-NAK (05 00) says about a message; `undefined`: not about it. It
 * names the kind of message only: a late answer to one CFG-MSG looks like that to the next. What
 * the receiver then still sends shows it.
 */
export function ubxVerdict(answer: UbxMessage, asked: UbxMessage): "ack" | "nak" | undefined {
  const { messageClass, messageId, payload } = answer;
  if (messageClass !== ACK || payload.length !== 2) return undefined;
  if (payload[0] !== asked.messageClass || payload[1] !== asked.messageId) return undefined;
  return messageId === ACK_ACK ? "ack" : "nak";
}
