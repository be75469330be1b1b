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
import { KEY_ID_BYTES } from "./key-id.ts";
import { PAYLOAD_LENGTH } from "./payload.ts";

/**
 * The badge's NDEF file: one URI record, so that a phone that taps the badge sees a plain link.
 * With `n` the length of the host name:
 *
 *     offset  bytes  content
 *          0      2  NLEN = 223 + n
 *          2      4  D1 01 (219+n) 55   one short record, well-known type "U"
 *          6      1  04                 "https://"
 *          7      n  host
 *        7+n      5  "/t?k="
 *       12+n      4  key identifier, base64url of 3 bytes; see key-id.ts
 *       16+n      3  "&b="
 *       19+n    152  payload, base64url of 114 bytes
 *      171+n      3  "&e="
 *      174+n     32  PICCENCData  <- the chip writes it on read, at PICCDataOffset
 *      206+n      3  "&c="
 *      209+n     16  SDMMAC       <- the chip writes it on read, at SDMMACOffset
 *      225+n
 *
 * The file has 256 bytes. A host may have 25 characters, which leaves six bytes or more. The MAC's
 * input is empty (SDMMACInputOffset = SDMMACOffset): its key is made of UID and counter, and the
 * payload has a tag of its own.
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
  /** Which key the payload was sealed with, 3 bytes; see `badgeKeyId`. */
  readonly keyId: Uint8Array;
  /** 114 bytes; see `openPayload`. */
  readonly payload: Uint8Array;
  /** PICCENCData, 16 bytes. */
  readonly picc: Uint8Array;
  /** SDMMAC, 8 bytes. */
  readonly cmac: Uint8Array;
}

/** NT4H2421Gx Table 5. */
export const NDEF_FILE_SIZE = 256;
/** Characters of a host name, with its port, that leave room for all else and some to spare. */
export const HOST_MAX = 25;

const KEY_ID_CHARS = 4;
const PAYLOAD_CHARS = 152;
const PICC_CHARS = 32;
const MAC_CHARS = 16;
const PATH = "/t?k=";
const PAYLOAD_FIELD = "&b=";
const PICC_FIELD = "&e=";
const MAC_FIELD = "&c=";
const SCHEME = "https://";
/** Lower-case name or IPv4 address, and a port if need be. */
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/;

/** The length of the badge's file for a host: the `lengthHint` of `readNdefFile`. */
export function badgeFileLength(host: string): number {
  return 225 + host.length;
}

/** Whether a link may have this host. @throws config-invalid */
export function checkBadgeHost(host: string): void {
  if (host.length <= HOST_MAX && HOST.test(host)) return;
  throw new LatchkeyError("config-invalid", {
    message: `badge host: a host name of 1 to ${HOST_MAX} characters, with a port if need be`,
    detail: { field: "badge_host" },
  });
}

/**
 * The file for a chip, with zeros where the chip will put its SDM data.
 * @throws config-invalid when the host cannot be used.
 */
export function buildBadgeFile(input: {
  readonly host: string;
  readonly keyId: Uint8Array;
  readonly payload: Uint8Array;
}): BadgeFile {
  const { host, keyId, payload } = input;
  if (keyId.length !== KEY_ID_BYTES)
    throw new RangeError(`badge: a key identifier of ${keyId.length} bytes`);
  if (payload.length !== PAYLOAD_LENGTH)
    throw new RangeError(`badge: a payload of ${payload.length} bytes`);
  checkBadgeHost(host);
  const untilPayload = `${SCHEME}${host}${PATH}${toBase64Url(keyId)}${PAYLOAD_FIELD}`;
  const untilPicc = `${untilPayload}${toBase64Url(payload)}${PICC_FIELD}`;
  const untilMac = `${untilPicc}${"0".repeat(PICC_CHARS)}${MAC_FIELD}`;
  const url = `${untilMac}${"0".repeat(MAC_CHARS)}`;
  const file = encodeNdefFile(encodeNdefMessage([uriRecord(url)]));
  // Everything is ASCII, so the place in the text counted from its end is the place in the file.
  const piccOffset = file.length - (url.length - untilPicc.length);
  const macOffset = file.length - MAC_CHARS;
  return { file, url, piccOffset, macInputOffset: macOffset, macOffset };
}

/** What is on the chip is none of our links. */
export function notOurs(message: string): LatchkeyError {
  return new LatchkeyError("badge-not-ours", { message });
}

/** It begins like one of our links and does not go on so. */
export function damaged(code: "ndef-malformed" | "sdm-malformed", cause?: unknown): LatchkeyError {
  return new LatchkeyError(code, { message: "The link on the badge is damaged.", cause });
}

/** A field of a link. @throws ndef-malformed */
export function base64Field(text: string, length: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(text);
  } catch (cause) {
    throw damaged("ndef-malformed", cause);
  }
  // One spelling only: padding or the other alphabet would decode too.
  if (bytes.length !== length || toBase64Url(bytes) !== text) throw damaged("ndef-malformed");
  return bytes;
}

/** A field of a link that the chip writes. @throws sdm-malformed */
export function hexField(text: string): Uint8Array {
  try {
    return fromHex(text);
  } catch (cause) {
    throw damaged("sdm-malformed", cause);
  }
}

/** What follows `path` in a link of any host; `undefined` for another kind of link. */
export function afterPath(url: string, path: string): string | undefined {
  const at = url.indexOf(path, SCHEME.length);
  const ours = url.startsWith(SCHEME) && at >= 0 && HOST.test(url.slice(SCHEME.length, at));
  return ours ? url.slice(at + path.length) : undefined;
}

/**
 * The four fields of a badge link. Exactly the form that {@link buildBadgeFile} makes is
 * accepted, of any host: which host is the phone's concern, not the reader's.
 * @throws badge-not-ours, ndef-malformed, sdm-malformed
 */
export function parseBadgeUrl(url: string): BadgeLink {
  const rest = afterPath(url, PATH);
  if (rest === undefined) throw notOurs("The link on the chip is not a badge link.");
  const payloadAt = KEY_ID_CHARS + PAYLOAD_FIELD.length;
  const payloadEnd = payloadAt + PAYLOAD_CHARS;
  const piccAt = payloadEnd + PICC_FIELD.length;
  const macAt = piccAt + PICC_CHARS + MAC_FIELD.length;
  if (
    rest.slice(KEY_ID_CHARS, payloadAt) !== PAYLOAD_FIELD ||
    rest.slice(payloadEnd, piccAt) !== PICC_FIELD
  )
    throw damaged("ndef-malformed");
  if (rest.length !== macAt + MAC_CHARS || rest.slice(piccAt + PICC_CHARS, macAt) !== MAC_FIELD)
    throw damaged("sdm-malformed");
  return {
    keyId: base64Field(rest.slice(0, KEY_ID_CHARS), KEY_ID_BYTES),
    payload: base64Field(rest.slice(payloadAt, payloadEnd), PAYLOAD_LENGTH),
    picc: hexField(rest.slice(piccAt, piccAt + PICC_CHARS)),
    cmac: hexField(rest.slice(macAt)),
  };
}

/**
 * Reads a badge's NDEF file, NLEN included.
 * @throws badge-not-ours, ndef-malformed, sdm-malformed
 */
export function parseBadgeFile(file: Uint8Array): BadgeLink {
  return parseBadgeUrl(urlOfFile(file));
}

/** The one link that a file holds. @throws badge-not-ours, ndef-malformed */
export function urlOfFile(file: Uint8Array): string {
  const message = parseNdefFile(file);
  if (message.length === 0) throw notOurs("The chip is blank.");
  const records = parseNdefMessage(message);
  const uri = records.length === 1 ? uriOfRecord(records[0]!) : undefined;
  if (uri === undefined) throw notOurs("The chip holds something else than one link.");
  return uri;
}
