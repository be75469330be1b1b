import { fromUtf8, toUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError } from "../errors.ts";

/**
 * NDEF messages (NFC Forum NDEF 1.0) and the file that holds one on a Type 4 tag (T4T §5.3).
 * Strict: what the specification calls an error is one here, and a length field is compared with
 * what is there before anything is copied.
 */
export const TNF_EMPTY = 0;
export const TNF_WELL_KNOWN = 1;
const TNF_UNKNOWN = 5;
const TNF_UNCHANGED = 6;
const TNF_RESERVED = 7;

const MB = 0x80;
const ME = 0x40;
const CF = 0x20;
const SR = 0x10;
const IL = 0x08;

export interface NdefRecord {
  /** Type Name Format, 0 to 5 (§3.2.6). */
  readonly tnf: number;
  readonly type: Uint8Array;
  readonly id: Uint8Array;
  readonly payload: Uint8Array;
}

interface RawRecord extends NdefRecord {
  readonly flags: number;
  readonly end: number;
}

function damaged(message: string): LatchkeyError {
  return new LatchkeyError("ndef-malformed", { message });
}

/** One record as it stands at `at` (§3.2, figure 3); chunks are not put together yet. */
function readRecord(message: Uint8Array, at: number): RawRecord {
  let next = at;
  const take = (count: number): Uint8Array => {
    if (count > message.length - next) throw damaged("a record is longer than its message");
    next += count;
    return message.slice(next - count, next);
  };
  const byte = (): number => take(1)[0]!;
  const flags = byte();
  const typeLength = byte();
  let payloadLength = byte();
  if ((flags & SR) === 0) {
    // Multiplied, not shifted: a length above 2^31 must not come out negative.
    for (let i = 0; i < 3; i++) payloadLength = payloadLength * 256 + byte();
  }
  const idLength = (flags & IL) === 0 ? 0 : byte();
  const type = take(typeLength);
  const id = take(idLength);
  const payload = take(payloadLength);
  return { flags, tnf: flags & 7, type, id, payload, end: next };
}

function checkForm(record: RawRecord, inChunks: boolean): void {
  const { tnf, type, id, payload, flags } = record;
  if (tnf === TNF_RESERVED) throw damaged("TNF 7 is reserved");
  if (inChunks !== (tnf === TNF_UNCHANGED)) throw damaged("a chunk is out of its place");
  if (inChunks && (flags & IL) !== 0) throw damaged("a middle or last chunk has an ID");
  if (tnf === TNF_EMPTY && type.length + id.length + payload.length !== 0)
    throw damaged("an empty record is not empty");
  if ((tnf === TNF_UNKNOWN || tnf === TNF_UNCHANGED) && type.length !== 0)
    throw damaged("a record of this TNF has no type");
}

function joinChunks(chunks: readonly RawRecord[]): NdefRecord {
  const { tnf, type, id } = chunks[0]!;
  let length = 0;
  for (const chunk of chunks) length += chunk.payload.length;
  const payload = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    payload.set(chunk.payload, at);
    at += chunk.payload.length;
  }
  return { tnf, type, id, payload };
}

/**
 * The records of a message, chunked ones put together. All arrays are copies.
 * @throws ndef-malformed unless the bytes are one whole message and nothing else.
 */
export function parseNdefMessage(message: Uint8Array): NdefRecord[] {
  if (message.length === 0) throw damaged("a message has one record or more");
  const records: NdefRecord[] = [];
  let chunks: RawRecord[] = [];
  let at = 0;
  for (;;) {
    if (at >= message.length) throw damaged("no record is marked as the last");
    const record = readRecord(message, at);
    checkForm(record, chunks.length > 0);
    const first = at === 0;
    if (((record.flags & MB) !== 0) !== first) throw damaged("MB belongs to the first record only");
    at = record.end;
    chunks.push(record);
    const more = (record.flags & CF) !== 0;
    const last = (record.flags & ME) !== 0;
    if (more && last) throw damaged("the message ends within a chunked record");
    if (!more) {
      records.push(joinChunks(chunks));
      chunks = [];
    }
    if (last) break;
  }
  if (at !== message.length) throw damaged("bytes follow the last record");
  return records;
}

/** The bytes of a message, each record in one piece. RangeError on impossible records. */
export function encodeNdefMessage(records: readonly NdefRecord[]): Uint8Array {
  if (records.length === 0) throw new RangeError("ndef: a message has one record or more");
  const out: number[] = [];
  records.forEach((record, index) => {
    const { tnf, type, id, payload } = record;
    if (!(tnf >= TNF_EMPTY && tnf <= TNF_UNKNOWN)) throw new RangeError(`ndef: TNF ${tnf}`);
    if (type.length > 255 || id.length > 255) throw new RangeError("ndef: type or ID too long");
    const short = payload.length < 256;
    let flags = tnf;
    if (index === 0) flags |= MB;
    if (index === records.length - 1) flags |= ME;
    if (short) flags |= SR;
    if (id.length > 0) flags |= IL;
    out.push(flags, type.length);
    for (let shift = short ? 0 : 24; shift >= 0; shift -= 8)
      out.push((payload.length >>> shift) & 255);
    if (id.length > 0) out.push(id.length);
    for (const part of [type, id, payload]) for (const byte of part) out.push(byte);
  });
  return new Uint8Array(out);
}

/** NLEN (2 bytes, big-endian) and the message, as they stand in the file (T4T §5.3). */
export function encodeNdefFile(message: Uint8Array): Uint8Array {
  if (message.length > 0xfffe) throw new RangeError("ndef: the message is too long for a file");
  const out = new Uint8Array(2 + message.length);
  out[0] = message.length >> 8;
  out[1] = message.length & 255;
  out.set(message, 2);
  return out;
}

/**
 * The message in a file; empty when NLEN is zero (a blank tag). What follows it is no concern of
 * NDEF. The result is a copy.
 * @throws ndef-malformed when NLEN says more than the file holds.
 */
export function parseNdefFile(file: Uint8Array): Uint8Array {
  if (file.length < 2) throw damaged("the file has no NLEN field");
  const nlen = (file[0]! << 8) | file[1]!;
  if (nlen > file.length - 2)
    throw damaged(`NLEN says ${nlen}, but the file has ${file.length - 2} bytes more`);
  return file.slice(2, 2 + nlen);
}

/** NFC Forum URI RTD 1.0, Table 3: the abbreviation codes 00h to 23h, in their order. */
export const URI_PREFIXES: readonly string[] = Object.freeze([
  "",
  "http://www.",
  "https://www.",
  "http://",
  "https://",
  "tel:",
  "mailto:",
  "ftp://anonymous:anonymous@",
  "ftp://ftp.",
  "ftps://",
  "sftp://",
  "smb://",
  "nfs://",
  "ftp://",
  "dav://",
  "news:",
  "telnet://",
  "imap:",
  "rtsp://",
  "urn:",
  "pop:",
  "sip:",
  "sips:",
  "tftp:",
  "btspp://",
  "btl2cap://",
  "btgoep://",
  "tcpobex://",
  "irdaobex://",
  "file://",
  "urn:epc:id:",
  "urn:epc:tag:",
  "urn:epc:pat:",
  "urn:epc:raw:",
  "urn:epc:",
  "urn:nfc:",
]);

const TYPE_U = 0x55;

/** A URI as a record, abbreviated by the longest prefix that fits. */
export function uriRecord(uri: string): NdefRecord {
  let code = 0;
  for (let i = 1; i < URI_PREFIXES.length; i++) {
    const prefix = URI_PREFIXES[i]!;
    if (uri.startsWith(prefix) && prefix.length > URI_PREFIXES[code]!.length) code = i;
  }
  const rest = toUtf8(uri.slice(URI_PREFIXES[code]!.length));
  const payload = new Uint8Array(1 + rest.length);
  payload[0] = code;
  payload.set(rest, 1);
  const none = new Uint8Array(0);
  return { tnf: TNF_WELL_KNOWN, type: Uint8Array.of(TYPE_U), id: none, payload };
}

/**
 * The URI of a record, or `undefined` when it is a record of another kind.
 * @throws ndef-malformed when it is a URI record, but with an unknown code or not UTF-8.
 */
export function uriOfRecord(record: NdefRecord): string | undefined {
  const { tnf, type, payload } = record;
  if (tnf !== TNF_WELL_KNOWN || type.length !== 1 || type[0] !== TYPE_U) return undefined;
  const prefix = payload.length > 0 ? URI_PREFIXES[payload[0]!] : undefined;
  if (prefix === undefined) throw damaged("the URI record has no known prefix code");
  try {
    return prefix + fromUtf8(payload.subarray(1), "uri");
  } catch (cause) {
    throw new LatchkeyError("ndef-malformed", { message: "the URI is not UTF-8", cause });
  }
}
