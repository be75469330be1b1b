import type { ByteWork } from "../../../protocol/encoding/byte-work.ts";

/** Loops over bytes in C (`hal/native/pico/byte-work.c`); see `natives.ts` for the form. */
export const byteWork: ByteWork = Object.freeze({
  crc32(this: unknown, bytes: Uint8Array, before: number) {
    return native("xs_latchkey_bytes_crc32").call(this, bytes, before);
  },
  equal(this: unknown, a: Uint8Array, b: Uint8Array) {
    return native("xs_latchkey_bytes_equal").call(this, a, b);
  },
  encodeBase64(this: unknown, bytes: Uint8Array, urlSafe: boolean, padded: boolean) {
    return native("xs_latchkey_bytes_to_base64").call(this, bytes, urlSafe, padded);
  },
  decodeBase64(this: unknown, text: string) {
    return native("xs_latchkey_bytes_from_base64").call(this, text);
  },
  encodeHex(this: unknown, bytes: Uint8Array) {
    return native("xs_latchkey_bytes_to_hex").call(this, bytes);
  },
  decodeHex(this: unknown, text: string) {
    return native("xs_latchkey_bytes_from_hex").call(this, text);
  },
  encodeUtf8(this: unknown, text: string) {
    return native("xs_latchkey_bytes_to_utf8").call(this, text);
  },
  decodeUtf8(this: unknown, bytes: Uint8Array) {
    return native("xs_latchkey_bytes_from_utf8").call(this, bytes);
  },
  isPrintable(this: unknown, text: string) {
    return native("xs_latchkey_bytes_is_printable").call(this, text);
  },
  isNestedDeeper(this: unknown, json: string, depthMax: number) {
    return native("xs_latchkey_bytes_is_nested_deeper").call(this, json, depthMax);
  },
  join(this: unknown, parts: readonly (Uint8Array | string | number)[], lengths: boolean) {
    return native("xs_latchkey_bytes_join").call(this, parts, lengths);
  },
  sum(this: unknown, bytes: Uint8Array, start: number, end: number) {
    return native("xs_latchkey_bytes_sum").call(this, bytes, start, end);
  },
  xor(this: unknown, a: Uint8Array, b: Uint8Array) {
    return native("xs_latchkey_bytes_xor").call(this, a, b);
  },
  copyToZero(this: unknown, to: Uint8Array, at: number, from: ArrayBuffer, start: number) {
    return native("xs_latchkey_bytes_copy_to_zero").call(this, to, at, from, start);
  },
  frameEncode(
    this: unknown,
    kind: number,
    address: number,
    sequence: number,
    acknowledge: number,
    payload: Uint8Array | undefined,
    link: number,
  ) {
    return native("xs_latchkey_frame_encode").call(
      this,
      kind,
      address,
      sequence,
      acknowledge,
      payload,
      link,
    );
  },
  frameDecode(this: unknown, stuffed: Uint8Array, link: number) {
    return native("xs_latchkey_frame_decode").call(this, stuffed, link);
  },
});
