import { fromBase64, toBase64Url } from "../encoding/base64.ts";
import { fromHex } from "../encoding/hex.ts";
import { LatchkeyError } from "../errors.ts";
import {
  encodeNdefFile,
  encodeNdefMessage,
  parseNdefFile,
  parseNdefMessage,
  uriOfRecord,
  uriRecord,
} from "../nfc/ndef.ts";
import { PAYLOAD_LENGTH } from "./payload.ts";

/**
 * The badge's NDEF file: one URI record, so that a phone that taps the badge sees a plain link.
 * With `n` the length of the host name:
 *
 *     offset  bytes  content
 *          0      2  NLEN = 216 + n
 *          2      4  D1 01 (212+n) 55   one short record, well-known type "U"
 *          6      1  04                 "https://"
 *          7      n  host
 *        7+n      5  "/t?b="
 *       12+n    152  payload, base64url of 114 bytes
 *      164+n      3  "&e="
 *      167+n     32  PICCENCData  <- the chip writes it on read, at PICCDataOffset
 *      199+n      3  "&c="
 *      202+n     16  SDMMAC       <- the chip writes it on read, at SDMMACOffset
 *      218+n
 *
 * The file has 256 bytes. A host may have 32 characters, which leaves six bytes or more. The MAC's input is empty
 * (SDMMACInputOffset = SDMMACOffset): its key is made of UID and counter, and the payload has a
 * tag of its own.
 */
export interface BadgeFile {
  /** What to write to file 02 of the chip, from offset 0: NLEN and message. */
  readonly file: Uint8Array;
  readonly url: string;
  /** PICCDataOffset for ChangeFileSettings. */
  readonly piccOffset: number;
  /** SDMMACInputOffset for ChangeFileSettings. */
  readonly macInputOffset: number;
  /** SDMMACOffset for ChangeFileSettings. */
  readonly macOffset: number;
}

export interface BadgeLink {
  /** 114 bytes; see `openPayload`. */
  readonly payload: Uint8Array;
  /** PICCENCData, 16 bytes. */
  readonly picc: Uint8Array;
  /** SDMMAC, 8 bytes. */
  readonly cmac: Uint8Array;
}

/** NT4H2421Gx Table 5. */
export const NDEF_FILE_SIZE = 256;
/** Characters of a host name, with its port, that leave room for everything else and some to spare. */
export const HOST_MAX = 32;

const PAYLOAD_CHARS = 152;
const PICC_CHARS = 32;
const MAC_CHARS = 16;
const PATH = "/t?b=";
const PICC_FIELD = "&e=";
const MAC_FIELD = "&c=";
const SCHEME = "https://";
/** Lower-case name or IPv4 address, and a port if need be. */
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/;

/** The length of the badge's file for a host: the `lengthHint` of `readNdefFile`. */
export function badgeFileLength(host: string): number {
  return 218 + host.length;
}

/**
 * The file for a chip, with zeros where the chip will put its SDM data.
 * @throws config-invalid when the host cannot be used.
 */
export function buildBadgeFile(input: { host: string; payload: Uint8Array }): BadgeFile {
  const { host, payload } = input;
  if (payload.length !== PAYLOAD_LENGTH)
    throw new RangeError(`badge: a payload of ${payload.length} bytes`);
  if (host.length > HOST_MAX || !HOST.test(host))
    throw new LatchkeyError("config-invalid", {
      message: `badge host: a host name of 1 to ${HOST_MAX} characters, with a port if need be`,
      detail: { field: "badge_host" },
    });
  const untilPicc = `${SCHEME}${host}${PATH}${toBase64Url(payload)}${PICC_FIELD}`;
  const untilMac = `${untilPicc}${"0".repeat(PICC_CHARS)}${MAC_FIELD}`;
  const url = `${untilMac}${"0".repeat(MAC_CHARS)}`;
  const file = encodeNdefFile(encodeNdefMessage([uriRecord(url)]));
  // Everything is ASCII, so the place in the text counted from its end is the place in the file.
  const piccOffset = file.length - (url.length - untilPicc.length);
  const macOffset = file.length - MAC_CHARS;
  return { file, url, piccOffset, macInputOffset: macOffset, macOffset };
}

function notOurs(message: string): LatchkeyError {
  return new LatchkeyError("badge-not-ours", { message });
}

function decodeField<T>(decode: () => T, code: "badge-payload-invalid" | "sdm-malformed"): T {
  try {
    return decode();
  } catch (cause) {
    throw new LatchkeyError(code, { cause });
  }
}

/**
 * The three fields of a badge link. Exactly the form that {@link buildBadgeFile} makes is
 * accepted, of any host: which host is the phone's concern, not the reader's.
 * @throws badge-not-ours, badge-payload-invalid, sdm-malformed
 */
export function parseBadgeUrl(url: string): BadgeLink {
  const path = url.indexOf(PATH, SCHEME.length);
  if (!url.startsWith(SCHEME) || path < 0 || !HOST.test(url.slice(SCHEME.length, path)))
    throw notOurs("The link on the chip is not a badge link.");
  const rest = url.slice(path + PATH.length);
  const piccAt = PAYLOAD_CHARS + PICC_FIELD.length;
  const macAt = piccAt + PICC_CHARS + MAC_FIELD.length;
  if (rest.slice(PAYLOAD_CHARS, piccAt) !== PICC_FIELD)
    throw new LatchkeyError("badge-payload-invalid");
  if (rest.length !== macAt + MAC_CHARS || rest.slice(piccAt + PICC_CHARS, macAt) !== MAC_FIELD)
    throw new LatchkeyError("sdm-malformed");
  const text = rest.slice(0, PAYLOAD_CHARS);
  const payload = decodeField(() => fromBase64(text, "b"), "badge-payload-invalid");
  // One spelling only: padding or the other alphabet would decode too.
  if (payload.length !== PAYLOAD_LENGTH || toBase64Url(payload) !== text)
    throw new LatchkeyError("badge-payload-invalid");
  return {
    payload,
    picc: decodeField(() => fromHex(rest.slice(piccAt, piccAt + PICC_CHARS)), "sdm-malformed"),
    cmac: decodeField(() => fromHex(rest.slice(macAt)), "sdm-malformed"),
  };
}

/**
 * Reads a badge's NDEF file, NLEN included.
 * @throws badge-not-ours, badge-payload-invalid, sdm-malformed, ndef-malformed
 */
export function parseBadgeFile(file: Uint8Array): BadgeLink {
  const message = parseNdefFile(file);
  if (message.length === 0) throw notOurs("The chip is blank.");
  const records = parseNdefMessage(message);
  const uri = records.length === 1 ? uriOfRecord(records[0]!) : undefined;
  if (uri === undefined) throw notOurs("The chip holds something else than one link.");
  return parseBadgeUrl(uri);
}
