import { LatchkeyError, malformed } from "../protocol/errors.ts";
import type { ServiceContext } from "./context.ts";
import { newToken } from "./issued-token.ts";
import { SERVER_CHAIN } from "./store/audit-chain.ts";
import { OPERATOR_NAME_MAX, type Operator, type OperatorToken } from "./store/operators.ts";
import type { AuditEntry } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

const OPERATORS_MAX = 1000;
export const OPERATOR_NAME = "^[A-Za-z0-9][A-Za-z0-9._@-]*$";

/** Who may run the service. Each change is an audit row; `by` is who made it. */
export interface OperatorAdmin {
  /** The token is shown once and stored as a hash. */
  createOperator(operator: Operator, by?: string): Promise<string>;
  /** Of a tenant, or those who are of none. */
  operators(tenantId?: string): Promise<readonly OperatorToken[]>;
  /** All tokens of the name there, from their next request on. */
  setOperatorRole(operator: Operator, by?: string): Promise<boolean>;
  /** All tokens of the name there; what it listens to ends by the next heartbeat. */
  removeOperator(name: string, tenantId?: string, by?: string): Promise<boolean>;
}

/** Whoever is at the machine itself. No token has that name. */
export const LOCAL_OPERATOR: Operator = Object.freeze({
  name: "local",
  role: "admin",
  tenantId: undefined,
});

function changed(
  kind: string,
  { name, tenantId, role }: Partial<Operator> & Pick<Operator, "name">,
  at: number,
  by = LOCAL_OPERATOR.name,
): AuditEntry {
  const data = { name, ...(role && { role }), by };
  return { tenantId: tenantId ?? SERVER_CHAIN, at, kind, data };
}

/**
 * Whoever is of no tenant reaches all of them, so that is for admins alone.
 * @throws malformed, tenant-unknown
 */
async function requireFit({ records }: ServiceContext, operator: Operator): Promise<void> {
  const { name, role, tenantId } = operator;
  if (name.length > OPERATOR_NAME_MAX || !new RegExp(OPERATOR_NAME).test(name))
    throw malformed("name", `1 to ${OPERATOR_NAME_MAX} of a-z, 0-9 and . _ @ -`);
  // Nobody may sign in the audit log as whoever is at the machine.
  if (name === LOCAL_OPERATOR.name) throw malformed("name", "reserved");
  if (tenantId === undefined && role !== "admin")
    throw malformed("tenant_id", "only an admin may be of all tenants");
  if (tenantId !== undefined && (await records.tenant(tenantId)) === undefined)
    throw new LatchkeyError("tenant-unknown");
}

export function operatorAdmin(context: ServiceContext): OperatorAdmin {
  const { records, clock } = context;
  const now = (): number => unixSeconds(clock);
  return {
    async createOperator(operator, by) {
      await requireFit(context, operator);
      const { token, hash } = newToken(context, "lka");
      const at = now();
      await records.addOperator(operator, hash, at, changed("operator-added", operator, at, by));
      return token;
    },
    operators: (tenantId) => records.operators(tenantId, OPERATORS_MAX),
    async setOperatorRole(operator, by) {
      await requireFit(context, operator);
      return records.setOperatorRole(operator, changed("operator-changed", operator, now(), by));
    },
    removeOperator(name, tenantId, by) {
      const entry = changed("operator-removed", { name, tenantId }, now(), by);
      return records.removeOperator(name, tenantId, entry);
    },
  };
}
