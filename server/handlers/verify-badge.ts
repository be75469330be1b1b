import { parseVerifyBadgeRequest, writeBadgeDecision } from "../../protocol/badge/verify.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { DOOR_OPEN } from "../authorities.ts";
import type { ServiceContext } from "../context.ts";
import { decideTap } from "../decision.ts";
import { countTap, noteDecision } from "../lockout.ts";
import type { SealedCaller } from "../sealed-exchange.ts";

/** identity_tag/it_verify_badge: may this badge pass here, now? Every answer is recorded. */
export async function verifyBadge(
  context: ServiceContext,
  caller: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const { node } = caller;
  const request = parseVerifyBadgeRequest(body);
  await countTap(context, node, request.badgeUid);
  await context.authorities.requireScope(caller, DOOR_OPEN);
  const answer = writeBadgeDecision(await decideTap(context, node, request));
  await noteDecision(context, node, request.badgeUid, answer);
  return answer;
}
