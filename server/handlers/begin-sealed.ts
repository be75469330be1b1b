import { parseSealedBegin } from "../../protocol/badge/sealed-tap.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { DOOR_OPEN } from "../authorities.ts";
import type { ServiceContext } from "../context.ts";
import { countTap, noteDecision } from "../lockout.ts";
import { beginSealedTap } from "../sealed-dialogue.ts";
import type { SealedCaller } from "../sealed-exchange.ts";

/** identity_tag/it_begin_sealed: a sealed badge is at the reader. A command for it, or a denial. */
export async function beginSealed(
  context: ServiceContext,
  caller: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const { node } = caller;
  const request = parseSealedBegin(body);
  await countTap(context, node, request.badgeUid);
  await context.authorities.requireScope(caller, DOOR_OPEN);
  const answer = await beginSealedTap(context, node, request);
  await noteDecision(context, node, request.badgeUid, answer);
  return answer;
}
