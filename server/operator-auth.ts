import { LatchkeyError } from "../protocol/errors.ts";
import { bearerToken } from "./bearer.ts";
import type { ServiceContext, ServiceRequest } from "./context.ts";
import { tokenHash } from "./issued-token.ts";
import type { Operator } from "./store/operators.ts";

/** Who asks. @throws rate-limited, unauthenticated */
export async function authenticateOperator(
  context: ServiceContext,
  request: ServiceRequest,
  many = false,
): Promise<Operator> {
  const { rates, limits, records } = context;
  if (many) rates.take("card-steps-by-address", limits.cardStepsByAddress, request.remoteAddress);
  else rates.take("operator-by-address", limits.operatorByAddress, request.remoteAddress);
  const operator = await records.operator(tokenHash(context, bearerToken(request)));
  if (operator === undefined) throw new LatchkeyError("unauthenticated");
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
