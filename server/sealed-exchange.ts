import { isReservedType } from "../protocol/application/identity.ts";
import { fromUtf8, toUtf8 } from "../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../protocol/json/reader.ts";
import {
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
  writeEnvelope,
} from "../protocol/node/envelope.ts";
import { type TokenClaims, verifyJwt } from "../protocol/node/jwt.ts";
import {
  type SessionKeys,
  sessionKeysFrom,
  wipeSessionKeys,
} from "../protocol/node/session-keys.ts";
import type { Vouched } from "./authorities.ts";
import { bearerToken } from "./bearer.ts";
import type { ServiceContext, ServiceRequest } from "./context.ts";
import { parseBody } from "./json-body.ts";
import { countRequest } from "./request-limits.ts";
import type { StoredSession } from "./store/ephemera.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** The node behind a sealed request: it showed its token and used its session's key. */
export interface SealedCaller extends Vouched {
  readonly node: Node;
  readonly sid: string;
  /** Unix seconds; the session ends then, however often it is renewed. */
  readonly sessionEndsAt: number;
}

export type SealedHandler = (
  context: ServiceContext,
  caller: SealedCaller,
  body: JsonReader,
) => Promise<JsonObject>;

interface LiveSession extends Vouched {
  readonly node: Node;
  readonly session: StoredSession;
}

/** So far may the clocks of two replicas be apart: one's token must be good at the other. */
const CLOCKS_APART_SECONDS = 30;

/** @throws session-unknown, token-invalid, node-pending, node-revoked, node-undelegated */
async function liveSession(
  { ephemera, records, clock, authorities }: ServiceContext,
  sid: string,
  claims: TokenClaims,
): Promise<LiveSession> {
  const session = await ephemera.session(sid);
  if (session === undefined || session.expiresAt <= unixSeconds(clock))
    throw new LatchkeyError("session-unknown");
  // Token and session are two locks on one door: both must be the same node's.
  const { tenantId, nodeUid } = session;
  if (claims.sid !== sid || claims.sub !== nodeUid || claims.tid !== tenantId)
    throw new LatchkeyError("token-invalid");
  const admission = await records.admission(tenantId, nodeUid);
  if (admission === undefined) throw new LatchkeyError("session-unknown");
  const { node } = admission;
  if (node.status !== "active")
    throw new LatchkeyError(node.status === "pending" ? "node-pending" : "node-revoked");
  await authorities.requireDelegation(admission);
  return { ...admission, session };
}

/** A sealed request that has come once and opens. */
export interface OpenedRequest extends SealedCaller {
  readonly claims: TokenClaims;
  readonly seq: number;
  readonly body: JsonReader;
  /** Seals the answer, once. */
  readonly seal: (answer: object) => JsonObject;
}

/** Who asks, and what stands for the path in its envelopes. */
export interface SealedAdmission {
  readonly token: string;
  /** The path. @throws what the endpoint has against this caller */
  readonly admit: (claims: TokenClaims, node: Node) => string | Promise<string>;
}

/**
 * Opens a sealed request and hands it over. The number is accepted once and before that, so that
 * the answer's nonce is used once.
 * @throws token-expired, token-invalid, session-unknown, node-revoked, envelope-invalid, replay,
 *   rate-limited, malformed, and what `admit` and `use` throw
 */
export async function openSealed<T>(
  context: ServiceContext,
  bodyText: string,
  { token, admit }: SealedAdmission,
  use: (opened: OpenedRequest) => Promise<T>,
): Promise<T> {
  const { crypto, ephemera, clock, keys: signing } = context;
  const keyById = (kid: string) => signing.byId(kid);
  const claims = verifyJwt(crypto, token, keyById, unixSeconds(clock), CLOCKS_APART_SECONDS);
  const envelope = parseEnvelope(parseBody(bodyText));
  const { node, authority, session } = await liveSession(context, envelope.sid, claims);
  let keys: SessionKeys | undefined;
  try {
    const sealing = { tenantId: node.tenantId, path: await admit(claims, node) };
    keys = sessionKeysFrom(session.material);
    const live = keys;
    const plain = openEnvelope(crypto, keys, "up", sealing, envelope);
    if (!(await ephemera.acceptSequence(envelope.sid, envelope.seq)))
      throw new LatchkeyError("replay");
    await countRequest(context, node);
    const body = parseBody(fromUtf8(plain, "body"));
    const { sid, seq } = envelope;
    const seal = (answer: object): JsonObject => {
      const bytes = toUtf8(JSON.stringify(answer));
      return writeEnvelope(sealEnvelope(crypto, live, "down", { ...sealing, seq }, bytes));
    };
    const caller = { node, authority, sid, sessionEndsAt: session.endsAt };
    return await use({ ...caller, claims, seq, body, seal });
  } finally {
    session.material.fill(0);
    if (keys !== undefined) wipeSessionKeys(keys);
  }
}

/**
 * A node's sealed request: opened, handled, and the answer sealed with the request's number.
 * @throws unauthenticated, and what `openSealed` and the handler throw
 */
export async function sealedExchange(
  context: ServiceContext,
  path: string,
  request: ServiceRequest,
  handler: SealedHandler,
): Promise<JsonObject> {
  const admit = (_claims: TokenClaims, { nodeType }: Node): string => {
    if (isReservedType(nodeType)) throw new LatchkeyError("session-unknown");
    return path;
  };
  const admission = { token: bearerToken(request), admit };
  return openSealed(context, request.body, admission, async ({ body, seal, ...caller }) =>
    seal(await handler(context, caller, body)),
  );
}
