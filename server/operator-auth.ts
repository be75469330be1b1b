import { LatchkeyError } from "../protocol/errors.ts";
import { bearerToken } from "./bearer.ts";
import type { ServiceContext, ServiceRequest } from "./context.ts";
import { tokenHash } from "./issued-token.ts";
import { addressLockout } from "./lockout.ts";
import { byTenant } from "./request-limits.ts";
import type { Operator } from "./store/operators.ts";

/** Who asks. @throws rate-limited, unauthenticated */
export async function authenticateOperator(
  context: ServiceContext,
  request: ServiceRequest,
  many = false,
): Promise<Operator> {
  const { rates, limits, records, logins } = context;
  const address = request.remoteAddress;
  const steps = { limit: "card-steps-by-address", rate: limits.cardStepsByAddress };
  const calls = { limit: "operator-by-address", rate: limits.operatorByAddress };
  const byAddress = { ...(many ? steps : calls), subject: address };
  await rates.take(addressLockout(context, address), byAddress);
  const hash = tokenHash(context, bearerToken(request));
  const operator = await records.operator(hash);
  const way = { way: "operator", from: address } as const;
  if (operator === undefined) {
    await logins.refused({ ...way, who: {} }, "unauthenticated", false);
    throw new LatchkeyError("unauthenticated");
  }
  const { tenantId, name, role } = operator;
  if (tenantId !== undefined) await rates.take(byTenant(context, tenantId));
  await logins.tokenUsed({ ...way, tenantId, who: { by: name, role } }, hash);
  return operator;
}

/**
 * An operator of one tenant reaches no other; the answer is the same whether it exists.
 * @throws tenant-mismatch, tenant-unknown (only to whom all tenants are open)
 */
export async function requireTenant(
  { records }: ServiceContext,
  operator: Operator,
  tenantId: string,
): Promise<void> {
  if (operator.tenantId !== undefined && operator.tenantId !== tenantId)
    throw new LatchkeyError("tenant-mismatch");
  if ((await records.tenant(tenantId)) === undefined) throw new LatchkeyError("tenant-unknown");
}
