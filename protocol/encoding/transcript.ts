import { byteWork } from "./byte-work.ts";
import { concat, uintBE } from "./bytes.ts";
import { toUtf8 } from "./utf8.ts";

/** What can stand in a transcript: bytes, text (UTF-8) or an unsigned integer (8 bytes, BE). */
export type TranscriptField = Uint8Array | string | number;

/**
 * `LP(domain, field, …)`: each field as a 4-byte big-endian length followed by its bytes
 * (docs/protocol.md, Notation). The domain tag comes first, so that a signature or MAC made for
 * one purpose cannot serve another.
 */
export function transcript(...fields: readonly [domain: string, ...TranscriptField[]]): Uint8Array {
  const joined = byteWork?.join(fields, true);
  if (joined !== undefined) return new Uint8Array(joined);
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const bytes = typeof field === "string" ? toUtf8(field) : bytesOf(field);
    parts.push(uintBE(bytes.length, 4), bytes);
  }
  return concat(...parts);
}

function bytesOf(field: Uint8Array | number): Uint8Array {
  return typeof field === "number" ? uintBE(field, 8) : field;
}
