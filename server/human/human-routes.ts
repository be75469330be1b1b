import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { VISIT_PATH, VISIT_PRESENT_PATH, VISIT_REQUEST_PATH } from "../../protocol/visit/visit.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "../context.ts";
import { publishStatusList, resolveIdentifier, submitStatement } from "../handlers/people.ts";
import { askVisit, followVisitLink, presentVisit, requestVisit } from "../handlers/visit.ts";
import { VISIT_LINK } from "../request-parts.ts";
import type { SealedHandler } from "../sealed-exchange.ts";
import { STATUS_LIST_PATH } from "./status-lists.ts";

export const SUBMIT_PATH = "identity_human/ih_submit";
export const RESOLVE_PATH = "identity_human/ih_resolve";

/** Anyone, with GET: what is published. */
export interface PublicRoute {
  readonly by: "public";
  readonly handle: (
    context: ServiceContext,
    query: URLSearchParams,
    request: ServiceRequest,
  ) => Promise<ServiceResponse>;
}

interface OpenRoute {
  readonly by: "anyone";
  readonly handle: (
    context: ServiceContext,
    body: JsonReader,
    request: ServiceRequest,
  ) => Promise<JsonObject>;
}

interface NodeRoute {
  readonly by: "node";
  readonly handle: SealedHandler;
}

/** Endpoints about people: the registry's, of status lists, and for visitors at a door. */
export const HUMAN_ROUTES: readonly (readonly [string, PublicRoute | OpenRoute | NodeRoute])[] = [
  [SUBMIT_PATH, { by: "anyone", handle: submitStatement }],
  [RESOLVE_PATH, { by: "public", handle: resolveIdentifier }],
  [STATUS_LIST_PATH, { by: "public", handle: publishStatusList }],
  [VISIT_LINK, { by: "public", handle: followVisitLink }],
  [VISIT_PATH, { by: "node", handle: askVisit }],
  [VISIT_REQUEST_PATH, { by: "anyone", handle: requestVisit }],
  [VISIT_PRESENT_PATH, { by: "anyone", handle: presentVisit }],
];
