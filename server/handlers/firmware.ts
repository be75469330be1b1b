import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import {
  FIRMWARE_CHUNK,
  parseFirmwareRequest,
  writeFirmwareAnswer,
} from "../../protocol/node/firmware-part.ts";
import type { ServiceContext } from "../context.ts";
import { firmwareGraph } from "../publish-authority.ts";
import type { SealedCaller } from "../sealed-exchange.ts";
import type { ReleasePiece } from "../store/releases.ts";

/** identity_iot/ii_firmware: a piece of the tenant's newest image for the node's product. */
export async function sendFirmware(
  context: ServiceContext,
  { node: { tenantId } }: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const { records } = context;
  const { product, part, offset, release: wanted } = parseFirmwareRequest(body);
  const newest = await records.release(tenantId, product);
  if (newest === undefined) throw new LatchkeyError("not-found", { message: "no image for it" });
  const { releaseId: release } = newest;
  if (wanted !== undefined && wanted !== release)
    throw new LatchkeyError("conflict", { message: "there is a newer release" });
  const piece =
    part === "graph"
      ? await graphPiece(context, tenantId, offset)
      : await records.releasePiece(release, part, offset, FIRMWARE_CHUNK);
  if (piece === undefined || offset >= piece.total) throw new LatchkeyError("not-found");
  return writeFirmwareAnswer({ release, ...piece });
}

/** The graph of now, not of when the image was published: somebody may have been revoked. */
async function graphPiece(
  { records }: ServiceContext,
  tenantId: string,
  offset: number,
): Promise<ReleasePiece | undefined> {
  const authority = await records.authority(tenantId);
  if (authority === undefined) return undefined;
  const bytes = toUtf8(JSON.stringify(firmwareGraph(authority.graph)));
  return { total: bytes.length, data: bytes.slice(offset, offset + FIRMWARE_CHUNK) };
}
