import { toHex } from "../protocol/encoding/hex.ts";
import { LatchkeyError, malformed } from "../protocol/errors.ts";
import { FIRMWARE_PARTS } from "../protocol/node/firmware-part.ts";
import type { ServiceContext } from "./context.ts";
import type { UploadPart, UploadPiece } from "./store/uploads.ts";
import { unixSeconds } from "./wall-clock.ts";

/** Bytes of a piece: as base64 it fits into a body with what is beside it. */
export const UPLOAD_PIECE = 8192;
/** A graph of 256 claims by trees has half of it. */
export const GRAPH_MAX = 4 * 1024 * 1024;

export const UPLOAD_MAX: Readonly<Record<UploadPart, number>> = Object.freeze({
  graph: GRAPH_MAX,
  manifest: FIRMWARE_PARTS.manifest,
  image: FIRMWARE_PARTS.image,
});

/**
 * Takes a piece of what is to be published. Gives how many bytes are here: where the next begins,
 * also for whoever comes back after a connection broke.
 * @throws malformed, conflict when one before it is missing
 */
export async function takePiece(
  { records, clock }: ServiceContext,
  piece: Omit<UploadPiece, "at">,
): Promise<number> {
  const { part, offset, data } = piece;
  if (offset + data.length > UPLOAD_MAX[part])
    throw malformed("data", `the ${part} would have more than ${UPLOAD_MAX[part]} bytes`);
  const length = await records.addPiece({ ...piece, at: unixSeconds(clock) });
  if (length >= offset) return length;
  throw new LatchkeyError("conflict", {
    message: "a piece before it is not here: another upload has begun, or this one is too old",
  });
}

/** All of it, as it was named. @throws not-found, conflict */
export async function takenUpload(
  { records, crypto }: ServiceContext,
  tenantId: string,
  part: UploadPart,
  sha256: string,
): Promise<Uint8Array> {
  const bytes = await records.upload(tenantId, part, sha256);
  if (bytes === undefined)
    throw new LatchkeyError("not-found", { message: `no ${part} of that hash was uploaded` });
  if (toHex(crypto.sha256(bytes)) === sha256) return bytes;
  // Or whoever means it would go on where something else ends.
  await records.removeUpload(tenantId, part);
  throw new LatchkeyError("conflict", {
    message: `the ${part} that was uploaded is another; send it again`,
  });
}
