import type { Role } from "../roles.ts";
import type { AuditEntry } from "./records.ts";

export interface Operator {
  readonly name: string;
  readonly role: Role;
  /** Absent: all tenants. */
  readonly tenantId: string | undefined;
}

/** One token of an operator, as it is listed: nothing in it opens anything. */
export interface OperatorToken extends Operator {
  readonly createdAt: number;
}

/** Longer names in the same table are the hashes of applications that have a role. */
export const OPERATOR_NAME_MAX = 63;

/** Who may run the service, by the hashes of their tokens. */
export interface OperatorRecords {
  /** With its audit entry, if one is given. @throws conflict */
  addOperator(
    operator: Operator,
    tokenHash: Uint8Array,
    at: number,
    entry?: AuditEntry,
  ): Promise<void>;
  operator(tokenHash: Uint8Array): Promise<Operator | undefined>;
  /** Of that tenant, or those who are of none; by name, at most `limit`. */
  operators(tenantId: string | undefined, limit: number): Promise<readonly OperatorToken[]>;
  /** All tokens of that name, in that tenant or among those who are of none. */
  setOperatorRole(operator: Operator, entry: AuditEntry): Promise<boolean>;
  /** All tokens of that name, in that tenant or among those who are of none. */
  removeOperator(name: string, tenantId: string | undefined, entry?: AuditEntry): Promise<boolean>;
}
