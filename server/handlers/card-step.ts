import { parseCardRequest, writeCardStep } from "../../protocol/badge/card-step.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { RunStep } from "../card/card-runs.ts";
import { runCardOrder } from "../card/card-service.ts";
import type { ServiceContext } from "../context.ts";
import { requireTenant } from "../operator-auth.ts";
import type { Operator } from "../store/operators.ts";

/**
 * identity_tag/it_card_step: the server works on a card that a technician holds. The technician's
 * side carries one APDU after the other; keys, sessions and the journal stay here.
 */
export async function cardStep(
  context: ServiceContext,
  operator: Operator,
  body: JsonReader,
): Promise<JsonObject> {
  const request = parseCardRequest(body);
  const owner = `${operator.tenantId ?? ""}/${operator.name}`;
  const { cardRuns } = context;
  if (request.kind !== "start") {
    const response = request.kind === "lost" ? undefined : request.response;
    return answerOf(await cardRuns.answer(owner, request.runId, response));
  }
  const { tenantId, badgeUid } = request;
  await requireTenant(context, operator, tenantId);
  const card = `${tenantId}/${toHex(badgeUid)}`;
  const work = cardRuns.start(owner, card, (transceive) =>
    runCardOrder(context, { ...request, by: operator.name }, transceive),
  );
  return answerOf(await work);
}

function answerOf({ runId, step }: RunStep): JsonObject {
  return step.kind === "command"
    ? writeCardStep({ kind: "command", runId, apdu: step.apdu })
    : writeCardStep({ kind: "done", outcome: step.result });
}
