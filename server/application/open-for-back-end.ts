import { sealedTarget } from "../../protocol/application/back-end-request.ts";
import { assuranceOf, subjectUid } from "../../protocol/application/identity.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import { type JsonObject, parseObject } from "../../protocol/json/reader.ts";
import { sealEnvelope, writeEnvelope } from "../../protocol/node/envelope.ts";
import type { TokenClaims } from "../../protocol/node/jwt.ts";
import { sessionKeysFrom, wipeSessionKeys } from "../../protocol/node/session-keys.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { parseBody } from "../json-body.ts";
import { type OpenedRequest, openSealed } from "../sealed-exchange.ts";
import type { Node } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import { applicationRole } from "./application-roles.ts";
import { authenticateBackEnd, type BackEnd } from "./back-end-auth.ts";

/** One answer that a back end owes, kept where challenges are: who takes it out may seal, once. */
interface OwedReply {
  readonly sid: string;
  readonly seq: number;
  readonly path: string;
}

function header({ headers }: ServiceRequest, name: string): string {
  const value = headers[name];
  if (value === undefined || value.length > 2600) throw malformed(name, "missing or too long");
  return value;
}

/** `POST /orders`, as the back end saw it. @throws malformed */
function targetOf(request: ServiceRequest, audience: string): string {
  const [method = "", target = ""] = header(request, "x-latchkey-target").split(" ");
  return sealedTarget(audience, method, target);
}

/** @throws audience-mismatch, tenant-mismatch, rate-limited */
async function requireForBackEnd(
  { records, clock, rates, limits }: ServiceContext,
  { tenantId, audience }: BackEnd,
  claims: Pick<TokenClaims, "aud" | "sub" | "tid">,
): Promise<void> {
  if (claims.tid === tenantId && claims.aud === audience) return;
  // The token is genuine, so somebody has carried it to where it does not belong.
  rates.take("requests-by-node", limits.requestsByNode, claims.sub);
  const data = { cause: "audience", audience, subject: claims.sub };
  await records.audit({ tenantId, at: unixSeconds(clock), kind: "application-refused", data });
  throw new LatchkeyError(claims.tid === tenantId ? "audience-mismatch" : "tenant-mismatch");
}

async function oweReply(
  { ephemera, random, clock, limits }: ServiceContext,
  { node, sid, seq }: OpenedRequest,
  path: string,
): Promise<string> {
  const challengeId = uuidFromRandom(random.bytes(16));
  const { tenantId, nodeUid } = node;
  const nonce = toUtf8(JSON.stringify({ sid, seq, path } satisfies OwedReply));
  const expiresAt = unixSeconds(clock) + limits.replySeconds;
  const kept = { challengeId, kind: "sealed", tenantId, nodeUid, nonce, expiresAt } as const;
  const reply = { ...kept, badgeUid: undefined, ephemeral: undefined };
  await ephemera.putChallenge(reply, limits.repliesPerApplication);
  return challengeId;
}

/**
 * identity_app/ia_open: opens an application's request for the back end that it was sent to. The
 * body is the envelope as it came; the application's token and the target are in headers.
 */
export async function openForBackEnd(
  context: ServiceContext,
  request: ServiceRequest,
): Promise<JsonObject> {
  const backEnd = await authenticateBackEnd(context, request);
  const { tenantId, audience } = backEnd;
  const path = targetOf(request, audience);
  const token = header(request, "x-latchkey-token");
  const admit = async (claims: TokenClaims, { nodeType }: Node): Promise<string> => {
    if (assuranceOf(nodeType) === undefined) throw new LatchkeyError("session-unknown");
    await requireForBackEnd(context, backEnd, claims);
    return path;
  };
  return openSealed(context, request.body, { token, admit }, async (opened) => {
    const { node, claims, sid, body } = opened;
    const hash = toHex(node.nodePk);
    const role = await applicationRole(context, tenantId, hash);
    const acr = assuranceOf(node.nodeType)!;
    const { iat, exp } = claims;
    return {
      identity_hash: hash,
      tenant_id: tenantId,
      claims: { sub: hash, tid: tenantId, aud: audience, sid, acr, role, iat, exp },
      role,
      body: body.value,
      reply_id: await oweReply(context, opened, path),
    };
  });
}

/** @throws challenge-used, challenge-expired, audience-mismatch */
async function takeReply(
  { ephemera, clock }: ServiceContext,
  { tenantId, audience }: BackEnd,
  request: ServiceRequest,
): Promise<OwedReply> {
  const [hash = "", replyId = ""] = header(request, "x-latchkey-reply").split(" ");
  if (!/^[0-9a-f]{64}$/.test(hash)) throw malformed("x-latchkey-reply", "no identity hash");
  const kept = await ephemera.takeChallenge(replyId, "sealed", subjectUid(hash));
  if (kept === undefined || kept.tenantId !== tenantId) throw new LatchkeyError("challenge-used");
  if (kept.expiresAt <= unixSeconds(clock)) throw new LatchkeyError("challenge-expired");
  const reply = parseObject(fromUtf8(kept.nonce, "reply")).value as unknown as OwedReply;
  if (!reply.path.startsWith(`${audience} `)) throw new LatchkeyError("audience-mismatch");
  return reply;
}

/**
 * identity_app/ia_seal: seals a back end's answer. Each request is answered once: a second text
 * under its number would give both away.
 */
export async function sealForBackEnd(
  context: ServiceContext,
  request: ServiceRequest,
): Promise<JsonObject> {
  const { crypto, ephemera } = context;
  const backEnd = await authenticateBackEnd(context, request);
  const { value } = parseBody(request.body);
  const { sid, seq, path } = await takeReply(context, backEnd, request);
  const session = await ephemera.session(sid);
  if (session === undefined) throw new LatchkeyError("session-unknown");
  const keys = sessionKeysFrom(session.material);
  session.material.fill(0);
  try {
    const plain = toUtf8(JSON.stringify(value));
    const sealing = { seq, tenantId: backEnd.tenantId, path };
    return writeEnvelope(sealEnvelope(crypto, keys, "down", sealing, plain));
  } finally {
    wipeSessionKeys(keys);
  }
}
