import { malformed } from "../errors.ts";
import { equalBytes } from "./bytes.ts";

/** Length of a packet without extensions (RFC 4330 §4). */
export const SNTP_BYTES = 48;
export const SNTP_PORT = 123;
/** The eight bytes by which an answer names its question. */
export const SNTP_COOKIE_BYTES = 8;

const VERSION_4_CLIENT = 0x23;
const MODE_SERVER = 4;
const LEAP_UNKNOWN = 3;
const STRATUM_MAX = 15;
const ORIGINATE_AT = 24;
const TRANSMIT_AT = 40;
/** Seconds from 1900, where NTP's first era begins, to 1970. */
const UNIX_EPOCH = 2_208_988_800;
/** Before 1968 by the first era: then it is the second, from 2036 on (RFC 4330 §3). */
const ERA_SPLIT = 0x8000_0000;

/**
 * A question for the time. It tells no time of its own: where that would stand are random bytes,
 * which the answer repeats, so that nobody can answer who has not seen it.
 */
export function sntpRequest(cookie: Uint8Array): Uint8Array {
  const packet = new Uint8Array(SNTP_BYTES);
  packet[0] = VERSION_4_CLIENT;
  packet.set(cookie, TRANSMIT_AT);
  return packet;
}

/**
 * Unix seconds out of the answer to a question with this cookie. Nothing of it is signed: whoever
 * has seen the question can say what they like.
 * @throws malformed for an answer to something else, or of a server that knows none (RFC 4330 §5)
 */
export function parseSntpAnswer(packet: Uint8Array, cookie: Uint8Array): number {
  const wrong = (why: string): Error => malformed("sntp", why);
  if (packet.length < SNTP_BYTES) throw wrong("too short");
  const [first = 0, stratum = 0] = packet;
  if ((first & 7) !== MODE_SERVER) throw wrong("not of a server");
  if (first >> 6 === LEAP_UNKNOWN) throw wrong("the server's clock is not set");
  if (stratum < 1 || stratum > STRATUM_MAX) throw wrong("the server refuses");
  if (!equalBytes(packet.slice(ORIGINATE_AT, ORIGINATE_AT + SNTP_COOKIE_BYTES), cookie))
    throw wrong("not an answer to what was asked");
  let seconds = 0;
  for (let i = 0; i < 4; i++) seconds = seconds * 256 + packet[TRANSMIT_AT + i]!;
  if (seconds === 0) throw wrong("no time");
  return seconds - UNIX_EPOCH + (seconds < ERA_SPLIT ? 2 ** 32 : 0);
}
