import {
  parseCheckInRequest,
  writeCheckInAnswer,
  writeCheckInRequest,
} from "../../protocol/badge/check-in.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { accessToken } from "../access-token.ts";
import type { ServiceContext } from "../context.ts";
import { offeredWork } from "../offered-work.ts";
import { recordReaderDenials } from "../reader-denials.ts";
import type { SealedCaller } from "../sealed-exchange.ts";
import { unixSeconds } from "../wall-clock.ts";

/** identity_tag/it_node_checkin: notes how the node is and what it refused; renews its token. */
export async function checkIn(
  context: ServiceContext,
  { node, sid, sessionEndsAt }: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const { records, ephemera, clock, limits } = context;
  // Written anew rather than as it came: the database keeps what is understood, nothing else.
  const { denials, ...health } = parseCheckInRequest(body);
  const serverTime = unixSeconds(clock);
  await records.saveHealth(node.tenantId, node.nodeUid, serverTime, writeCheckInRequest(health));
  // Before the token is renewed: what is recorded stays so, also when the session has ended.
  const denialsRecorded = denials && (await recordReaderDenials(context, node, denials));
  const next = await offeredWork(context, node, health);
  const expiresAt = Math.min(serverTime + limits.tokenSeconds, sessionEndsAt);
  if (expiresAt <= serverTime || !(await ephemera.renewSession(sid, expiresAt)))
    throw new LatchkeyError("session-unknown");
  const token = accessToken(context, node, sid, expiresAt);
  return writeCheckInAnswer({
    token,
    expiresIn: expiresAt - serverTime,
    serverTime,
    next,
    ...(denialsRecorded !== undefined && { denialsRecorded }),
  });
}
