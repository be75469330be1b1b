import type { JsonObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";

/** healthz: whether the database answers. @throws unavailable */
export async function reportHealth({ records }: ServiceContext): Promise<JsonObject> {
  await records.tenant("");
  return { status: "ok" };
}
