import type { ServiceContext } from "./context.ts";
import { newToken } from "./issued-token.ts";
import { unixSeconds } from "./wall-clock.ts";

/** A one-time token that lets one node of the tenant in; its hash is stored. */
export async function newEnrolToken(
  context: Pick<ServiceContext, "records" | "clock" | "random" | "crypto">,
  tenantId: string,
  ttlSeconds: number,
): Promise<string> {
  const { token, hash } = newToken(context, "lke");
  await context.records.addEnrolToken(tenantId, hash, unixSeconds(context.clock) + ttlSeconds);
  return token;
}
