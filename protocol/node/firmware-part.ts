import { toBase64Url } from "../encoding/base64.ts";
import { malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";

/** Work that a check-in names when there is an image for the node. */
export const UPDATE_WORK = "update";
/** Bytes of one answer but the last: a sector of the flash, and well below a body once sealed. */
export const FIRMWARE_CHUNK = 4096;

/** Of what a release consists, and how long each may be. */
export const FIRMWARE_PARTS = Object.freeze({
  /** The signed manifest in its wire form. */
  manifest: 32 * 1024,
  /** JSON of the identity document and its claims. */
  graph: 64 * 1024,
  image: 4 * 1024 * 1024,
});
export type FirmwarePart = keyof typeof FIRMWARE_PARTS;

const PARTS = Object.freeze(["manifest", "graph", "image"] as const);

/** ii_firmware: a node asks for a piece of its release, sealed. */
export interface FirmwareRequest {
  readonly product: string;
  readonly part: FirmwarePart;
  /** Bytes; a multiple of {@link FIRMWARE_CHUNK}. */
  readonly offset: number;
  /** Which release; absent in the first question, whose answer names it. */
  readonly release?: string;
}

export interface FirmwareAnswer {
  readonly release: string;
  /** Bytes of the whole part. */
  readonly total: number;
  /** {@link FIRMWARE_CHUNK} bytes, or what is left. */
  readonly data: Uint8Array;
}

export function writeFirmwareRequest(request: FirmwareRequest): JsonObject {
  const { product, part, offset, release } = request;
  return { product, part, offset, ...(release !== undefined && { release }) };
}

/** @throws malformed */
export function parseFirmwareRequest(body: JsonReader): FirmwareRequest {
  const part = body.oneOf("part", PARTS);
  const offset = body.uint("offset", { max: FIRMWARE_PARTS[part] - 1 });
  if (offset % FIRMWARE_CHUNK !== 0) throw malformed("offset", "not a multiple of 4096");
  const release = body.optionalUuid("release");
  const product = body.string("product", { max: 64 });
  return { product, part, offset, ...(release !== undefined && { release }) };
}

export function writeFirmwareAnswer({ release, total, data }: FirmwareAnswer): JsonObject {
  return { release, total, data: toBase64Url(data) };
}

/** The answer to a request, of exactly the bytes that were asked for. @throws malformed */
export function parseFirmwareAnswer(body: JsonReader, request: FirmwareRequest): FirmwareAnswer {
  const { part, offset } = request;
  const release = body.uuid("release");
  if (request.release !== undefined && release !== request.release)
    throw malformed("release", "not the one that was asked for");
  const total = body.uint("total", { max: FIRMWARE_PARTS[part] });
  if (offset >= total) throw malformed("total", "ends before the piece that was asked for");
  return { release, total, data: body.bytes("data", Math.min(FIRMWARE_CHUNK, total - offset)) };
}
