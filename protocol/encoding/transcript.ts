import { uintBE } from "./bytes.ts";
import { toUtf8 } from "./utf8.ts";

/** What can stand in a transcript: bytes, text (UTF-8) or an unsigned integer (8 bytes, BE). */
export type TranscriptField = Uint8Array | string | number;

/**
 * `LP(domain, field, …)`: each field as a 4-byte big-endian length followed by its bytes
 * (docs/protocol.md, Notation). The domain tag comes first, so that a signature or MAC made for
 * one purpose cannot serve another.
 */
export function transcript(domain: string, ...fields: readonly TranscriptField[]): Uint8Array {
  const parts = [toUtf8(domain)];
  for (const field of fields) {
    if (typeof field === "string") parts.push(toUtf8(field));
    else parts.push(typeof field === "number" ? uintBE(field, 8) : field);
  }
  let length = 0;
  for (const part of parts) length += 4 + part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    const size = part.length;
    out[at] = size >>> 24;
    out[at + 1] = size >>> 16;
    out[at + 2] = size >>> 8;
    out[at + 3] = size;
    out.set(part, at + 4);
    at += 4 + size;
  }
  return out;
}
