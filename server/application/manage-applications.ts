import { parseIdentityHash } from "../../protocol/application/identity.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { requireTenant } from "../operator-auth.ts";
import type { Operator } from "../store/operators.ts";
import { APPLICATION_ROLES, setApplicationRole } from "./application-roles.ts";
import { createBackEnd } from "./back-end-auth.ts";

/** identity_app/ia_create_back_end: a token for the back end of that name. */
export async function createBackEndFor(
  context: ServiceContext,
  operator: Operator,
  body: JsonReader,
): Promise<JsonObject> {
  const tenantId = body.uuid("tenant_id");
  const audience = body.word("audience", { max: 64 });
  await requireTenant(context, operator, tenantId);
  const { token, nodeUid } = await createBackEnd(context, { tenantId, audience });
  return { token, node_uid: nodeUid };
}

/** identity_app/ia_set_role: what an application may be to back ends, from its next request on. */
export async function setRoleFor(
  context: ServiceContext,
  operator: Operator,
  body: JsonReader,
): Promise<JsonObject> {
  const tenantId = body.uuid("tenant_id");
  const hash = parseIdentityHash(body);
  const role = body.oneOf("role", APPLICATION_ROLES);
  await requireTenant(context, operator, tenantId);
  await setApplicationRole(context, tenantId, hash, role);
  return { identity_hash: hash, role };
}
