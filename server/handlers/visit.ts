import { malformed } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { parseVisitQuestion, writeVisitAnswer } from "../../protocol/visit/visit.ts";
import { DOOR_OPEN } from "../authorities.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "../context.ts";
import { countHandshake } from "../request-limits.ts";
import { jsonResponse } from "../response.ts";
import type { SealedCaller } from "../sealed-exchange.ts";
import { openVisit } from "../visit/open-visit.ts";
import { decideVisit } from "../visit/visit-decision.ts";
import { acceptPresentation } from "../visit/visit-presentation.ts";
import { visitRequest } from "../visit/visit-request.ts";

const CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/;

/** identity_human/ih_visit: what became of the request on this reader's display; or a new one. */
export async function askVisit(
  context: ServiceContext,
  caller: SealedCaller,
  body: JsonReader,
): Promise<JsonObject> {
  const { node } = caller;
  const { requestId, renew } = parseVisitQuestion(body);
  await context.authorities.requireScope(caller, DOOR_OPEN);
  const decision = requestId && (await decideVisit(context, node, requestId));
  if (decision) return writeVisitAnswer({ state: "decided", decision });
  if (!renew) return writeVisitAnswer({ state: "waiting" });
  return writeVisitAnswer(await openVisit(context, node));
}

function codeIn(text: string): string {
  if (!CODE.test(text)) throw malformed("code", "not a code of a display");
  return text;
}

/** identity_human/ih_visit_request: what the code on a display asks for. */
export async function requestVisit(
  context: ServiceContext,
  body: JsonReader,
  request: ServiceRequest,
): Promise<JsonObject> {
  await countHandshake(context, request.remoteAddress);
  return visitRequest(context, codeIn(body.string("code")));
}

/** identity_human/ih_visit_present: a visitor answers. */
export async function presentVisit(
  context: ServiceContext,
  body: JsonReader,
  request: ServiceRequest,
): Promise<JsonObject> {
  await countHandshake(context, request.remoteAddress);
  const code = codeIn(body.string("code"));
  await acceptPresentation(context, code, body.object("vp_token"));
  return { accepted: true };
}

/** The link on the display: the same as `requestVisit`, for what follows links. */
export async function followVisitLink(
  context: ServiceContext,
  _query: URLSearchParams,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  await countHandshake(context, request.remoteAddress);
  const code = /[^/]*$/.exec(request.path)?.[0] ?? "";
  return jsonResponse(await visitRequest(context, codeIn(code)));
}
