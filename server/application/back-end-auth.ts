import { checkAudience } from "../../protocol/application/back-end-request.ts";
import { BACK_END_TYPE } from "../../protocol/application/identity.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { uuidFromDerived } from "../../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { bearerToken } from "../bearer.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { newToken, tokenHash } from "../issued-token.ts";
import { addressLockout } from "../lockout.ts";
import { unixSeconds } from "../wall-clock.ts";

/** A back end that applications talk to. */
export interface BackEnd {
  readonly tenantId: string;
  /** Its name, for which sessions are opened. */
  readonly audience: string;
}

export interface IssuedBackEnd {
  /** Shown once; its hash is stored. */
  readonly token: string;
  /** To revoke it by, like a node. */
  readonly nodeUid: string;
}

const TOKEN = /^lkb_([0-9a-f-]{36})_[A-Za-z0-9_-]{43}$/;

const uidOf = (hash: Uint8Array): string => uuidFromDerived(hash.slice(0, 16));

/**
 * Lets a back end in: a subject of the tenant that proves itself by a token. Several tokens of one
 * name are good at once, so that they can be changed.
 * @throws config-invalid, tenant-unknown
 */
export async function createBackEnd(
  context: ServiceContext,
  { tenantId, audience }: BackEnd,
): Promise<IssuedBackEnd> {
  const { records, clock } = context;
  checkAudience(audience);
  if ((await records.tenant(tenantId)) === undefined) throw new LatchkeyError("tenant-unknown");
  const { token, hash } = newToken(context, `lkb_${tenantId}`);
  const nodeUid = uidOf(hash);
  const createdAt = unixSeconds(clock);
  const subject = { tenantId, nodeUid, nodeType: BACK_END_TYPE, nodePk: hash, createdAt } as const;
  await records.enrolNode({ ...subject, batch: "-", status: "active" }, undefined);
  // Until it has its name it is nobody's audience and refused.
  await records.changeNode(tenantId, nodeUid, { label: audience }, createdAt);
  return { token, nodeUid };
}

/** @throws rate-limited, unauthenticated */
export async function authenticateBackEnd(
  context: ServiceContext,
  request: ServiceRequest,
): Promise<BackEnd> {
  const { rates, limits, records, logins } = context;
  const address = request.remoteAddress;
  const rate = limits.backEndByAddress;
  const byAddress = { limit: "back-end-by-address", rate, subject: address };
  await rates.take(addressLockout(context, address), byAddress);
  const token = bearerToken(request);
  const tenantId = TOKEN.exec(token)?.[1];
  const hash = tokenHash(context, token);
  const nodeUid = uidOf(hash);
  const subject = tenantId === undefined ? undefined : await records.node(tenantId, nodeUid);
  const proved = subject?.nodeType === BACK_END_TYPE && toHex(subject.nodePk) === toHex(hash);
  const audience = subject?.label;
  const who = proved ? { node_uid: nodeUid, ...(audience !== undefined && { audience }) } : {};
  const login = { way: "back-end", tenantId, who, from: address } as const;
  if (!proved || subject.status !== "active" || tenantId === undefined || audience === undefined) {
    await logins.refused(login, proved ? "node-revoked" : "unauthenticated", proved);
    throw new LatchkeyError("unauthenticated");
  }
  await logins.tokenUsed(login, hash);
  return { tenantId, audience };
}
