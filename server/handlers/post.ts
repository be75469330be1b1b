import { malformed } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import type { SealedCaller } from "../sealed-exchange.ts";
import { unixSeconds } from "../wall-clock.ts";

const REQUESTS = ["record_sensor_data"] as const;

/**
 * identity_iot/ii_post: an application's message from a node. `request` says what it is;
 * everything else of it is stored as it came.
 */
export async function acceptPost(
  { records, clock }: ServiceContext,
  { node }: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const request = body.oneOf("request", REQUESTS);
  const { request: _, ...payload } = body.value;
  if (Object.keys(payload).length === 0) throw malformed("body", "nothing to record");
  const at = unixSeconds(clock);
  const { tenantId, nodeUid } = node;
  const id = await records.addTelemetry({ tenantId, nodeUid, at, request, payload });
  return { status: "ok", id, server_time: at };
}
