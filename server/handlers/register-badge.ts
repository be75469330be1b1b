import {
  parseRegisterBadgeRequest,
  writeRegisterBadgeAnswer,
} from "../../protocol/badge/register-badge.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { registerBadge as storeBadge } from "../badge-registration.ts";
import type { ServiceContext } from "../context.ts";
import { requireTenant } from "../operator-auth.ts";
import type { Operator } from "../store/operators.ts";

/** identity_tag/it_register_badge: a manager of the tenant enrols a badge. */
export async function registerBadge(
  context: ServiceContext,
  operator: Operator,
  body: JsonReader,
): Promise<JsonObject> {
  const request = parseRegisterBadgeRequest(body);
  await requireTenant(context, operator, request.tenantId);
  return writeRegisterBadgeAnswer(await storeBadge(context, request, { by: operator.name }));
}
