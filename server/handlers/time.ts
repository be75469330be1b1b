import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { parseTimeRequest, signTime, writeTimeAnswer } from "../../protocol/node/time.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { unixSeconds } from "../wall-clock.ts";

/** identity_iot/ii_time: the time, signed. */
export async function answerTime(
  { crypto, keys, clock, rates, limits }: ServiceContext,
  body: JsonReader,
  { remoteAddress }: ServiceRequest,
): Promise<JsonObject> {
  const rate = limits.handshakeByAddress;
  await rates.take({ limit: "handshake-by-address", rate, subject: remoteAddress });
  const request = parseTimeRequest(body);
  return writeTimeAnswer(signTime(crypto, keys.active.seed.bytes, request, unixSeconds(clock)));
}
