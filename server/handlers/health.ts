import type { JsonObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";

/**
 * healthz: whether the database answers. A broker that is away is named and makes nobody ill:
 * doors open and readings are stored without it.
 * @throws unavailable
 */
export async function reportHealth({ records, brokerUp }: ServiceContext): Promise<JsonObject> {
  await records.tenant("");
  const up = brokerUp();
  const broker = up ? "connected" : "broker-unavailable";
  return { status: "ok", ...(up !== undefined && { broker }) };
}
