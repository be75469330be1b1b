import type { ErrorCode } from "../protocol/error-codes.ts";
import { toLatchkeyError } from "../protocol/errors.ts";
import type { ServiceContext } from "./context.ts";
import { addressLockout, nodeLockout, noteFailure } from "./lockout.ts";
import type { Login } from "./login-log.ts";
import { type LimitedBy, type Subject, subjectOf } from "./rate-limiter.ts";
import type { Node } from "./store/records.ts";

type Limiting = Pick<ServiceContext, "rates" | "limits">;
type Named = Pick<Node, "tenantId" | "nodeUid">;

/** What a tenant's nodes, applications and operators ask altogether. */
export function byTenant({ limits }: Limiting, tenantId: string): LimitedBy {
  const subject = subjectOf(tenantId);
  return { limit: "requests-by-tenant", rate: limits.requestsByTenant, subject };
}

/** @throws rate-limited, unavailable */
export async function countRegistration(context: Limiting, address: Subject): Promise<void> {
  const rate = context.limits.registerByAddress;
  const byAddress = { limit: "register-by-address", rate, subject: address };
  await context.rates.take(addressLockout(context, address), byAddress);
}

function byAddress({ limits }: Limiting, address: Subject): LimitedBy {
  return { limit: "handshake-by-address", rate: limits.handshakeByAddress, subject: address };
}

/**
 * A challenge is refused to whoever has answered too many wrongly. It stands for its answer too:
 * there is one attempt for each. @throws rate-limited, unavailable
 */
export async function countChallenge(
  context: Limiting,
  node: Named,
  address: Subject,
): Promise<void> {
  const lockouts = [addressLockout(context, address), nodeLockout(context, node, address)];
  await context.rates.take(...lockouts, byAddress(context, address));
}

/** What the answer to a challenge has to pass. */
export function handshakeLimits(context: Limiting, address: Subject): readonly LimitedBy[] {
  return [addressLockout(context, address), byAddress(context, address)];
}

/** @throws rate-limited, unavailable */
export async function countHandshake(context: Limiting, address: Subject): Promise<void> {
  await context.rates.take(...handshakeLimits(context, address));
}

/** Refusals of whoever has no proof, and of whoever has one and may not come in. */
const UNPROVED: ReadonlySet<ErrorCode> = new Set(["signature-invalid", "assurance-too-low"]);
const PROVED: ReadonlySet<ErrorCode> = new Set([
  ...(["node-pending", "node-revoked", "node-undelegated"] as const),
]);

/**
 * Notes a proof that fails, and counts it against the one that it was for.
 * @throws what `proving` throws
 */
export async function notingFailure<T>(
  context: Limiting & Pick<ServiceContext, "logins">,
  node: Named,
  login: Login,
  proving: Promise<T>,
): Promise<T> {
  try {
    return await proving;
  } catch (error) {
    const code = toLatchkeyError(error).code;
    if (UNPROVED.has(code) || PROVED.has(code))
      await context.logins.refused(login, code, PROVED.has(code));
    await noteFailure(context, error, { limit: nodeLockout(context, node, login.from), login });
    throw error;
  }
}

/** @throws rate-limited, unavailable */
export async function countLogin(
  { rates, limits }: Limiting,
  { tenantId, nodeUid }: Named,
  way: "application" | "node",
): Promise<void> {
  const rate = way === "node" ? limits.loginsByNode : limits.loginsByApplication;
  const subject = subjectOf(tenantId, nodeUid);
  await rates.take({ limit: `logins-by-${way}`, rate, subject });
}

/** A sealed request of a node or an application. @throws rate-limited, unavailable */
export async function countRequest(context: Limiting, { tenantId, nodeUid }: Named): Promise<void> {
  const subject = subjectOf(tenantId, nodeUid);
  const rate = context.limits.requestsByNode;
  const byNode = { limit: "requests-by-node", rate, subject };
  await context.rates.take(byNode, byTenant(context, tenantId));
}
