import { parseSealedContinue } from "../../protocol/badge/sealed-tap.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { noteDecision } from "../lockout.ts";
import { continueSealedTap } from "../sealed-dialogue.ts";
import type { SealedCaller } from "../sealed-exchange.ts";

/** identity_tag/it_continue_sealed: the badge's answer. The next command, or the decision. */
export async function continueSealed(
  context: ServiceContext,
  { node }: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const request = parseSealedContinue(body);
  const answer = await continueSealedTap(context, node, request);
  await noteDecision(context, node, request.badgeUid, answer);
  return answer;
}
