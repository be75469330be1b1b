import type { JsonObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";

/**
 * healthz: whether the stores answer. A broker that is away is named and makes nobody ill:
 * doors open and readings are stored without it.
 * @throws unavailable
 */
export async function reportHealth({
  records,
  ephemera,
  brokerUp,
}: ServiceContext): Promise<JsonObject> {
  await records.tenant("");
  await ephemera.ping();
  const up = brokerUp();
  const broker = up ? "connected" : "broker-unavailable";
  return { status: "ok", ...(up !== undefined && { broker }) };
}
