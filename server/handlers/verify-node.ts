import { isReservedType } from "../../protocol/application/identity.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import { agreeOnSession } from "../../protocol/node/session-keys.ts";
import {
  checkNodeAuth,
  parseVerifyRequest,
  type VerifyRequest,
} from "../../protocol/node/verify.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { countLogin, notingFailure } from "../request-limits.ts";
import { openSession, type TakenChallenge, takeChallenge } from "../session-opening.ts";
import type { Admission } from "../store/records.ts";
import { openCommBatch } from "../tenant-keys.ts";

/**
 * A public key of which nobody has the seed: SHA-256 of `latchkey/v1/nobody/0`, which happens to
 * decode. Stands in for a node that does not exist, so that a signature is verified, and refused,
 * for it like for any other.
 */
export const NOBODYS_KEY: Uint8Array = fromHex(
  "d5d25c9ae2f445cba82f4ec49954534f7acd48c1159f37d117ac7c5efdb949a4",
);

interface Proven {
  readonly admission: Admission;
  /** What the node signed. */
  readonly transcript: Uint8Array;
}

/** @throws signature-invalid, and to the key's holder only: node-pending, node-revoked, node-undelegated */
async function proveNode(
  context: ServiceContext,
  challenge: TakenChallenge,
  { nodeEpk, signature }: VerifyRequest,
): Promise<Proven> {
  const { crypto, records, keys, authorities } = context;
  const { tenantId, nodeUid, challengeId, nonce, serverEpk } = challenge;
  const admission = await records.admission(tenantId, nodeUid);
  // An application has its own way in.
  const isOther = admission !== undefined && isReservedType(admission.node.nodeType);
  const node = isOther ? undefined : admission?.node;
  const auth = {
    tenantId,
    nodeUid,
    challengeId,
    nonce,
    serverEpk,
    nodeEpk,
    nodePk: node?.nodePk ?? NOBODYS_KEY,
    serverPk: keys.active.publicKey,
  };
  const transcript = checkNodeAuth(crypto, auth, signature);
  if (admission === undefined || node === undefined) throw new LatchkeyError("signature-invalid");
  if (node.status === "pending") throw new LatchkeyError("node-pending");
  if (node.status === "revoked") throw new LatchkeyError("node-revoked");
  await authorities.requireDelegation(admission);
  return { admission, transcript };
}

/** identity_iot/ii_verify_node: one attempt per challenge, right or wrong. */
export async function verifyNode(
  context: ServiceContext,
  body: JsonReader,
  { remoteAddress }: ServiceRequest,
): Promise<JsonObject> {
  const { crypto } = context;
  const parse = () => parseVerifyRequest(body);
  const { challenge, request } = await takeChallenge(context, remoteAddress, parse);
  const ephemeral = new Secret(challenge.ephemeral);
  try {
    const proving = proveNode(context, challenge, request);
    const { tenantId, nodeUid } = challenge;
    const who = { node_uid: nodeUid };
    const login = { way: "node", tenantId, who, from: remoteAddress } as const;
    const { admission, transcript } = await notingFailure(context, challenge, login, proving);
    const { node, comm } = admission;
    await countLogin(context, node, "node");
    // The comm_key that the node was provisioned with.
    const { key } = openCommBatch(context, node, comm);
    try {
      const { nodeEpk } = request;
      const material = agreeOnSession(crypto, ephemeral, nodeEpk, key.bytes, transcript);
      await context.logins.opened(login);
      return await openSession(context, node, material, { path: VERIFY_PATH });
    } finally {
      key.wipe();
    }
  } finally {
    ephemeral.wipe();
  }
}
