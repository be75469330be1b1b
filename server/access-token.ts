import { signJwt } from "../protocol/node/jwt.ts";
import type { ServiceContext } from "./context.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** A token for a session, good until that expires; an application's for one back end. */
export function accessToken(
  { crypto, keys, clock }: ServiceContext,
  node: Node,
  sid: string,
  expiresAt: number,
  aud?: string,
): string {
  const { nodeUid: sub, tenantId: tid, nodeType: typ } = node;
  const iat = unixSeconds(clock);
  const claims = { sub, tid, typ, ...(aud !== undefined && { aud }), sid, iat, exp: expiresAt };
  return signJwt(crypto, keys.active.seed.bytes, claims, keys.active.kid);
}
