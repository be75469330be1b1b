import { concat } from "../../protocol/encoding/bytes.ts";
import { malformed } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { FIRMWARE_PATH } from "../../protocol/node/endpoints.ts";
import {
  FIRMWARE_CHUNK,
  type FirmwareAnswer,
  type FirmwarePart,
  parseFirmwareAnswer,
  writeFirmwareRequest,
} from "../../protocol/node/firmware-part.ts";
import type { IdentityNode } from "../../protocol/node/identity-node.ts";

/** Where a node gets its image from, piece by piece. */
export interface FirmwareSource {
  /** @throws network errors, conflict when the release was replaced, malformed */
  piece(part: FirmwarePart, offset: number, release?: string): Promise<FirmwareAnswer>;
}

/** The server, in the node's own session. */
export function sealedSource(
  identity: Pick<IdentityNode, "call">,
  { product, timeoutMs }: { readonly product: string; readonly timeoutMs: number },
): FirmwareSource {
  return {
    async piece(part, offset, release) {
      const request = { product, part, offset, ...(release === undefined ? {} : { release }) };
      const body = writeFirmwareRequest(request);
      const answer = await identity.call(FIRMWARE_PATH, body, { timeoutMs });
      return parseFirmwareAnswer(new JsonReader(answer), request);
    },
  };
}

/** A part that is kept in memory: manifest or graph. @throws as {@link FirmwareSource.piece} */
export async function wholePart(
  source: FirmwareSource,
  part: Exclude<FirmwarePart, "image">,
  known?: string,
): Promise<{ readonly release: string; readonly bytes: Uint8Array }> {
  const first = await source.piece(part, 0, known);
  const { release, total } = first;
  const pieces = [first.data];
  for (let offset = FIRMWARE_CHUNK; offset < total; offset += FIRMWARE_CHUNK) {
    const piece = await source.piece(part, offset, release);
    if (piece.total !== total) throw malformed(part, "changed its length");
    pieces.push(piece.data);
  }
  return { release, bytes: concat(...pieces) };
}
