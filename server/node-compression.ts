import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Compression, Unpacked } from "../protocol/human/status/compression.ts";

function bounded(
  decode: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array,
): (bytes: Uint8Array, max: number) => Unpacked {
  return (bytes, max) => {
    try {
      return new Uint8Array(decode(bytes, { maxOutputLength: max }));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // Node stops at the limit
      return code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "damaged";
    }
  };
}

/** Compression by Node's zlib. */
export const nodeCompression: Compression = Object.freeze({
  deflate: (bytes: Uint8Array) => new Uint8Array(deflateSync(bytes, { level: 9 })),
  inflate: bounded(inflateSync),
  gzip: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes, { level: 9 })),
  gunzip: bounded(gunzipSync),
});
