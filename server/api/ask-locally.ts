import { LatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { LOCAL_OPERATOR } from "../operator-admin.ts";
import { ENDPOINTS } from "./endpoints.ts";

/**
 * Asks an endpoint for operators from the machine itself, where there is no token: whoever can
 * read the keys may do what an admin may.
 * @throws not-found, and what the endpoint refuses with
 */
export async function askLocally(
  context: ServiceContext,
  path: string,
  body: JsonObject,
): Promise<JsonObject> {
  const endpoint = ENDPOINTS.find((each) => each.path === path);
  if (endpoint?.by !== "operator") throw new LatchkeyError("not-found");
  return endpoint.handle(context, LOCAL_OPERATOR, new JsonReader(body));
}
