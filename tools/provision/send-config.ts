import { crc32 } from "../../protocol/encoding/crc32.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import {
  encodeBegin,
  encodePiece,
  IMPROV_COMMAND,
  PIECE_BYTES_MAX,
} from "../../protocol/improv/rpc.ts";
import type { ImprovClient } from "./improv-client.ts";

/** How often one piece, or the whole, is begun again. */
const TRIES = 5;

/**
 * Sends a configuration, and has the node check and keep it.
 * @throws config-invalid with the node's words, provisioning-…, port-unavailable
 */
export async function sendConfig(client: ImprovClient, json: string): Promise<void> {
  const bytes = toUtf8(json);
  await client.ours(IMPROV_COMMAND.begin, encodeBegin(bytes.length, crc32(bytes)));
  for (let at = 0; at < bytes.length; at += PIECE_BYTES_MAX)
    await sendPiece(client, at, bytes.subarray(at, at + PIECE_BYTES_MAX));
  await client.ours(IMPROV_COMMAND.commit);
}

/** The answer to an earlier repetition can arrive late: what counts is how much there is. */
async function sendPiece(client: ImprovClient, at: number, piece: Uint8Array): Promise<void> {
  const data = encodePiece(at, piece);
  for (let n = 0; n < TRIES; n++) {
    const [got] = (await client.ours(IMPROV_COMMAND.piece, data)) ?? [];
    if (Number(got) >= at + piece.length) return;
  }
  throw new LatchkeyError("provisioning-damaged");
}
