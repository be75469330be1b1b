import { signJwt } from "../protocol/node/jwt.ts";
import type { ServiceContext } from "./context.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** A token for a node's session, good until the session expires. */
export function accessToken(
  { crypto, keys, clock }: ServiceContext,
  node: Node,
  sid: string,
  expiresAt: number,
): string {
  const { nodeUid: sub, tenantId: tid, nodeType: typ } = node;
  const claims = { sub, tid, typ, sid, iat: unixSeconds(clock), exp: expiresAt };
  return signJwt(crypto, keys.active.seed.bytes, claims, keys.active.kid);
}
