import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { parseSensorData, writeSensorDataAnswer } from "../../protocol/telemetry/sensor-data.ts";
import type { ServiceContext } from "../context.ts";
import { takeReadings } from "../readings-intake.ts";
import type { SealedCaller } from "../sealed-exchange.ts";

/** identity_iot/ii_post: an application's message from a node; `request` says what it is. */
export async function acceptPost(
  context: ServiceContext,
  { node }: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  return writeSensorDataAnswer(await takeReadings(context, node, parseSensorData(body)));
}
