import { isReservedType } from "../../protocol/application/identity.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { isLatchkeyError, LatchkeyError, malformed } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import {
  checkRegistration,
  parseRegisterRequest,
  type RegisterRequest,
  type RegisterStatus,
  registerMac,
  signRegisterAnswer,
  writeRegisterAnswer,
} from "../../protocol/node/registration.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { tokenHash } from "../issued-token.ts";
import { countRegistration } from "../request-limits.ts";
import type { EnrolOutcome, Tenant } from "../store/records.ts";
import { openCommBatches } from "../tenant-keys.ts";
import { unixSeconds } from "../wall-clock.ts";

const NO_KEY = Object.freeze({ key: new Uint8Array(32), iv: new Uint8Array(12) });

/**
 * The batch whose comm_key made the MAC. A tenant that does not exist costs a check too, and is
 * refused in the same words as a wrong key.
 * @throws registration-refused, signature-invalid
 */
async function provingBatch(context: ServiceContext, request: RegisterRequest): Promise<string> {
  const batches = await openCommBatches(context, request.tenantId);
  try {
    for (const { batch, key, iv } of batches) {
      try {
        checkRegistration(context.crypto, key.bytes, iv, request);
        return batch;
      } catch (error) {
        if (!isLatchkeyError(error, "registration-refused")) throw error;
      }
    }
  } finally {
    for (const { key } of batches) key.wipe();
  }
  // For its cost only: anyone can make a MAC that fits this key, and it is refused all the same.
  if (batches.length === 0) registerMac(context.crypto, NO_KEY.key, NO_KEY.iv, NO_KEY.key);
  throw new LatchkeyError("registration-refused");
}

async function enrol(
  context: ServiceContext,
  tenant: Tenant,
  batch: string,
  request: RegisterRequest,
): Promise<EnrolOutcome> {
  const { records, random, clock } = context;
  const needsToken = tenant.registration === "token";
  const { tenantId, nodeType, nodePk, enrolToken } = request;
  const node = {
    tenantId,
    nodeUid: uuidFromRandom(random.bytes(16)),
    nodeType,
    nodePk,
    batch,
    status: tenant.registration === "approve" ? "pending" : "active",
    createdAt: unixSeconds(clock),
  } as const;
  // A missing token is looked up like a wrong one: a node that is known already needs none.
  return records.enrolNode(node, needsToken ? tokenHash(context, enrolToken ?? "") : undefined);
}

/** identity_iot/ii_register_node: lets a node's key in, as the tenant's policy says. */
export async function registerNode(
  context: ServiceContext,
  body: JsonReader,
  { remoteAddress }: ServiceRequest,
): Promise<JsonObject> {
  const { crypto, keys, clock, records, log, authorities } = context;
  await countRegistration(context, remoteAddress);
  const request = parseRegisterRequest(body);
  if (isReservedType(request.nodeType)) throw malformed("node_type", "reserved");
  const batch = await provingBatch(context, request);
  const tenant = await records.tenant(request.tenantId);
  if (tenant === undefined) throw new LatchkeyError("registration-refused");
  // Before a token is spent on it.
  await authorities.requireDelegationOf(request);
  const enrolled = await enrol(context, tenant, batch, request);
  if (enrolled.outcome === "token-invalid") throw new LatchkeyError("enrol-token-invalid");
  if (enrolled.outcome === "key-retired") throw new LatchkeyError("node-exists");
  const { node, outcome } = enrolled;
  if (node.status === "revoked") throw new LatchkeyError("node-revoked");
  const known: RegisterStatus = outcome === "created" ? "registered" : "exists";
  const status: RegisterStatus = node.status === "pending" ? "pending" : known;
  log.write("info", "node-registration", {
    tenant_id: node.tenantId,
    node_uid: node.nodeUid,
    status,
  });
  const answer = { nodeUid: node.nodeUid, status, serverTime: unixSeconds(clock) };
  return writeRegisterAnswer(signRegisterAnswer(crypto, keys.active.seed.bytes, request, answer));
}
