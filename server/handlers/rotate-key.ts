import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { checkRotation, parseRotationRequest } from "../../protocol/node/rotation.ts";
import type { ServiceContext } from "../context.ts";
import type { SealedCaller } from "../sealed-exchange.ts";
import { unixSeconds } from "../wall-clock.ts";

/**
 * identity_iot/ii_rotate_key: the node takes another key, because a manager wants it to. The
 * session alone would not do: the old key signs for the new one, and the new one for itself.
 */
export async function rotateNodeKey(
  context: ServiceContext,
  { node }: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const { crypto, records, ephemera, clock, authorities } = context;
  const request = parseRotationRequest(body);
  const { tenantId, nodeUid, nodePk: oldPk } = node;
  const { newPk } = request;
  checkRotation(crypto, { tenantId, nodeUid, oldPk, newPk }, request);
  // Whoever has taken a node over for a moment must not move it to a key of his own.
  if (!node.rotationWanted || equalBytes(oldPk, newPk))
    throw new LatchkeyError("conflict", { message: "no such change of keys was asked for" });
  const at = unixSeconds(clock);
  try {
    await authorities.requireDelegationOf({ ...node, nodePk: newPk });
  } catch (error) {
    // So that somebody can vouch for it: the node comes again with the same one.
    const data = { node_uid: nodeUid, new_pk: toHex(newPk), cause: "node-undelegated" };
    if (isLatchkeyError(error, "node-undelegated"))
      await records.audit({ tenantId, at, kind: "node-rotation-refused", data });
    throw error;
  }
  if (!(await records.rotateKey({ tenantId, nodeUid, oldPk, newPk, at })))
    throw new LatchkeyError("conflict");
  // What was agreed upon with the old key ends; the answer is still sealed in this session.
  await ephemera.closeNode(tenantId, nodeUid);
  return {};
}
