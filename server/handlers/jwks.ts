import type { JsonObject } from "../../protocol/json/reader.ts";
import { publicJwk } from "../../protocol/node/jwk.ts";
import type { ServiceContext } from "../context.ts";

/** .well-known/jwks.json: the keys that sign tokens (RFC 7517). */
export async function publishKeys({ crypto, keys }: ServiceContext): Promise<JsonObject> {
  return { keys: keys.published.map(({ publicKey }) => publicJwk(crypto, publicKey)) };
}
