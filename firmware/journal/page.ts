import { crc32 } from "../../protocol/encoding/crc32.ts";

/**
 * How the journal's pages look. Every page begins with a kind byte, so that no content of a
 * value, whoever wrote it, can be taken for the beginning of a record:
 *
 * ```
 * sector page 0:  header      kind version purpose reserved | sector number u32 | crc32
 *                             in a sector of events: noteLength u8 | note … | crc32
 * pages 1 … n-2:  record      kind type keyLength reserved | valueLength u16 | sequence u32 | crc32
 *                             key value …
 *                 continued   kind value …
 * page n-1:       checkpoint  kind 0 0 0 | floor u32 | sector number u32 | crc32
 * ```
 * Integers are little-endian. A page is programmed at most once between two erasures: flash with
 * error correction demands it, and a torn program then harms nothing but its own record.
 */
export const PAGE_HEADER = 0xc3;
export const PAGE_RECORD = 0xa5;
export const PAGE_CONTINUED = 0x5a;
export const PAGE_CHECKPOINT = 0x96;
export const ERASED = 0xff;

const VERSION = 1;
const RECORD_HEAD_BYTES = 14;
const CONTINUED_HEAD_BYTES = 1;

/**
 * What a sector is for. A plain one holds what was appended to a log of values, a target holds
 * copies until its checkpoint is there; the others hold events (event-ring.ts), have a note in
 * their header and use the last page like any other. The place in the list is the number in
 * flash: old numbers stay what they are.
 */
const PURPOSES = Object.freeze(["plain", "target", "access", "telemetry"] as const);
export type SectorPurpose = (typeof PURPOSES)[number];

export interface SectorHeader {
  readonly purpose: SectorPurpose;
  /** Rises by one with every sector that is opened; orders the log. */
  readonly number: number;
}

export interface JournalRecord {
  readonly type: number;
  readonly sequence: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function blank(pageBytes: number, pages = 1): Uint8Array {
  return new Uint8Array(pageBytes * pages).fill(ERASED);
}

/** By words where that can be: on the device a sector byte by byte takes 62 ms, by words 11. */
export function isErased(bytes: Uint8Array): boolean {
  const { length } = bytes;
  const words = bytes.byteOffset % 4 === 0 ? length >> 2 : 0;
  const view = new Int32Array(bytes.buffer, words === 0 ? 0 : bytes.byteOffset, words);
  for (let i = 0; i < words; i++) if (view[i] !== -1) return false;
  for (let i = 4 * words; i < length; i++) if (bytes[i] !== ERASED) return false;
  return true;
}

/** A sector header without its note. */
export const HEADER_BYTES = 12;
const NOTE_OFFSET = HEADER_BYTES + 1;
/** What may have to be read of a sector's first page to have its header and its note. */
export const HEADER_READ_BYTES = 128;
export const NOTE_BYTES_MAX = HEADER_READ_BYTES - NOTE_OFFSET - 4;

/** The note, of at most {@link NOTE_BYTES_MAX} bytes, is what the owner wants to find there. */
export function encodeSectorHeader(
  header: SectorHeader,
  pageBytes: number,
  note?: Uint8Array,
): Uint8Array {
  const page = blank(pageBytes);
  page.set([PAGE_HEADER, VERSION, PURPOSES.indexOf(header.purpose), 0]);
  view(page).setUint32(4, header.number, true);
  view(page).setUint32(8, crc32(page.subarray(0, 8)), true);
  if (note === undefined) return page;
  if (note.length > NOTE_BYTES_MAX) throw new RangeError(`a note of ${note.length} bytes`);
  const end = NOTE_OFFSET + note.length;
  page[HEADER_BYTES] = note.length;
  page.set(note, NOTE_OFFSET);
  view(page).setUint32(end, crc32(page.subarray(0, end)), true);
  return page;
}

/** `undefined` for anything that is not a whole header. */
export function decodeSectorHeader(page: Uint8Array): SectorHeader | undefined {
  const purpose = PURPOSES[page[2]!];
  if (page[0] !== PAGE_HEADER || page[1] !== VERSION || purpose === undefined) return undefined;
  if (view(page).getUint32(8, true) !== crc32(page.subarray(0, 8))) return undefined;
  return { purpose, number: view(page).getUint32(4, true) };
}

/** What stands in the place of the note, from the first {@link HEADER_READ_BYTES} of a page. */
export function uncheckedSectorNote(page: Uint8Array): Uint8Array {
  return page.subarray(NOTE_OFFSET, NOTE_OFFSET + page[HEADER_BYTES]!);
}

/** The note, from the first {@link HEADER_READ_BYTES} of a page; `undefined` if it is damaged. */
export function decodeSectorNote(page: Uint8Array): Uint8Array | undefined {
  const note = uncheckedSectorNote(page);
  const end = NOTE_OFFSET + note.length;
  if (note.length > NOTE_BYTES_MAX) return undefined;
  if (view(page).getUint32(end, true) !== crc32(page.subarray(0, end))) return undefined;
  return note;
}

/** Says that every sector with a number below `floor` is dead, whatever stands in it. */
export function encodeCheckpoint(floor: number, sector: number, pageBytes: number): Uint8Array {
  const page = blank(pageBytes);
  page.set([PAGE_CHECKPOINT, 0, 0, 0]);
  view(page).setUint32(4, floor, true);
  view(page).setUint32(8, sector, true);
  view(page).setUint32(12, crc32(page.subarray(0, 12)), true);
  return page;
}

/** The floor, or `undefined` for anything that is not the checkpoint of sector `sector`. */
export function decodeCheckpoint(page: Uint8Array, sector: number): number | undefined {
  if (page[0] !== PAGE_CHECKPOINT || view(page).getUint32(8, true) !== sector) return undefined;
  if (view(page).getUint32(12, true) !== crc32(page.subarray(0, 12))) return undefined;
  return view(page).getUint32(4, true);
}

/** How many pages a record of that many content bytes (key and value) takes. */
export function recordPages(contentBytes: number, pageBytes: number): number {
  const rest = contentBytes - (pageBytes - RECORD_HEAD_BYTES);
  return rest <= 0 ? 1 : 1 + Math.ceil(rest / (pageBytes - CONTINUED_HEAD_BYTES));
}

/** Key and value bytes that fit into `pages` pages. */
export function recordRoom(pages: number, pageBytes: number): number {
  return pageBytes - RECORD_HEAD_BYTES + (pages - 1) * (pageBytes - CONTINUED_HEAD_BYTES);
}

function checksum(head: Uint8Array, content: Uint8Array): number {
  const covered = new Uint8Array(10 + content.length);
  covered.set(head.subarray(0, 10));
  covered.set(content, 10);
  return crc32(covered);
}

/** A record as whole pages. Key of at most 255, value of at most 65,535 bytes. */
export function encodeRecord(record: JournalRecord, pageBytes: number): Uint8Array {
  const content = new Uint8Array(record.key.length + record.value.length);
  content.set(record.key);
  content.set(record.value, record.key.length);
  const pages = recordPages(content.length, pageBytes);
  const out = blank(pageBytes, pages);
  out.set([PAGE_RECORD, record.type, record.key.length, 0]);
  view(out).setUint16(4, record.value.length, true);
  view(out).setUint32(6, record.sequence, true);
  view(out).setUint32(10, checksum(out, content), true);
  const first = pageBytes - RECORD_HEAD_BYTES;
  out.set(content.subarray(0, first), RECORD_HEAD_BYTES);
  const step = pageBytes - CONTINUED_HEAD_BYTES;
  for (let page = 1, at = first; page < pages; page++, at += step) {
    out[page * pageBytes] = PAGE_CONTINUED;
    out.set(content.subarray(at, at + step), page * pageBytes + CONTINUED_HEAD_BYTES);
  }
  return out;
}

/**
 * How many pages the record that begins with `firstPage` claims to take, or 0 when none begins
 * there. A claim only: {@link decodeRecord} decides.
 */
export function claimedPages(firstPage: Uint8Array): number {
  if (firstPage[0] !== PAGE_RECORD) return 0;
  const content = firstPage[2]! + view(firstPage).getUint16(4, true);
  return recordPages(content, firstPage.length);
}

/** The record in `pages` (as many as it claims), or `undefined` when its checksum is wrong. */
export function decodeRecord(pages: Uint8Array, pageBytes: number): JournalRecord | undefined {
  if (pages[0] !== PAGE_RECORD) return undefined;
  const keyLength = pages[2]!;
  const total = keyLength + view(pages).getUint16(4, true);
  const count = recordPages(total, pageBytes);
  if (pages.length < count * pageBytes) return undefined;
  const content = new Uint8Array(total);
  const first = Math.min(total, pageBytes - RECORD_HEAD_BYTES);
  content.set(pages.subarray(RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + first));
  const step = pageBytes - CONTINUED_HEAD_BYTES;
  for (let page = 1, at = first; page < count; page++, at += step) {
    const from = page * pageBytes;
    if (pages[from] !== PAGE_CONTINUED) return undefined;
    const length = Math.min(step, total - at);
    content.set(
      pages.subarray(from + CONTINUED_HEAD_BYTES, from + CONTINUED_HEAD_BYTES + length),
      at,
    );
  }
  if (view(pages).getUint32(10, true) !== checksum(pages, content)) return undefined;
  return {
    type: pages[1]!,
    sequence: view(pages).getUint32(6, true),
    key: content.slice(0, keyLength),
    value: content.slice(keyLength),
  };
}
