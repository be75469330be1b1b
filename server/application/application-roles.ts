import { transcript } from "../../protocol/encoding/transcript.ts";
import type { ServiceContext } from "../context.ts";
import { unixSeconds } from "../wall-clock.ts";

/** What an application may be to a back end; `user` when nobody has said otherwise. */
export type ApplicationRole = (typeof APPLICATION_ROLES)[number];
export const APPLICATION_ROLES = Object.freeze(["user", "manager", "admin"] as const);

type RoleContext = Pick<ServiceContext, "crypto" | "records" | "clock">;

/**
 * Under which an application's role stands among those of operators. No token has this hash: a
 * transcript has zero bytes, a token cannot.
 */
function roleKey(
  { crypto }: Pick<RoleContext, "crypto">,
  tenantId: string,
  identityHash: string,
): Uint8Array {
  return crypto.sha256(transcript("latchkey/v1/app-role", tenantId, identityHash));
}

/** Its role in its tenant, as it stands now. */
export async function applicationRole(
  context: RoleContext,
  tenantId: string,
  identityHash: string,
): Promise<ApplicationRole> {
  const operator = await context.records.operator(roleKey(context, tenantId, identityHash));
  return APPLICATION_ROLES.find((role) => role === operator?.role) ?? "user";
}

/** Gives it a role in place of the one it had. */
export async function setApplicationRole(
  context: RoleContext,
  tenantId: string,
  identityHash: string,
  role: ApplicationRole,
): Promise<void> {
  const { records, clock } = context;
  const at = unixSeconds(clock);
  await records.removeOperator(identityHash, tenantId);
  if (role !== "user") {
    const operator = { name: identityHash, role, tenantId };
    await records.addOperator(operator, roleKey(context, tenantId, identityHash), at);
  }
  const data = { identity_hash: identityHash, role };
  await records.audit({ tenantId, at, kind: "application-role", data });
}
