import { LatchkeyError } from "../../protocol/errors.ts";
import { corsHeaders, preflightResponse } from "../application/cors.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "../context.ts";
import { parseBody } from "../json-body.ts";
import { authenticateOperator } from "../operator-auth.ts";
import { normalise, queryOf, requireJson } from "../request-parts.ts";
import { jsonResponse } from "../response.ts";
import { requirePermission } from "../roles.ts";
import { sealedExchange } from "../sealed-exchange.ts";
import { type ApplicationEndpoint, type Endpoint, methodOf } from "./endpoint.ts";
import { ENDPOINTS } from "./endpoints.ts";

const BY_PATH: ReadonlyMap<string, Endpoint> = new Map(
  ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]),
);

/** The endpoint that a path names, for figures; `other` when there is none. */
export function endpointOf(path: string): string {
  const name = normalise(path);
  return BY_PATH.has(name) ? name : "other";
}

/** The endpoint for a request. @throws not-found */
export function routeOf(path: string, method: string): Endpoint {
  const endpoint = BY_PATH.get(path);
  if (endpoint === undefined) throw new LatchkeyError("not-found");
  const asksFirst = endpoint.by === "application" && method === "OPTIONS";
  if (method !== methodOf(endpoint) && !asksFirst) throw new LatchkeyError("not-found");
  return endpoint;
}

/** What a page sends is answered for its origin, also when it is refused. */
async function dispatchApplication(
  context: ServiceContext,
  endpoint: ApplicationEndpoint,
  request: ServiceRequest,
  failed: (error: unknown) => Promise<ServiceResponse>,
): Promise<ServiceResponse> {
  const { applications } = context;
  if (applications === undefined) throw new LatchkeyError("not-found");
  const cors = corsHeaders(applications, request);
  if (request.method === "OPTIONS") return preflightResponse(cors);
  const answer = async () => {
    requireJson(request);
    return endpoint.handle(context, applications, parseBody(request.body), request);
  };
  const response = await answer().then(jsonResponse, failed);
  return { ...response, headers: { ...response.headers, ...cors } };
}

/**
 * Who asks, whether he may, what he says: in this order, so that a stranger learns nothing of what
 * a body should be, and a role that may not learns nothing of what there is.
 * @param failed turns an error into an answer
 * @throws what the endpoint refuses with; see `codesOf`
 */
export async function dispatch(
  context: ServiceContext,
  endpoint: Endpoint,
  request: ServiceRequest,
  failed: (error: unknown) => Promise<ServiceResponse>,
): Promise<ServiceResponse> {
  const { by } = endpoint;
  if (by === "reading") return endpoint.handle(context);
  if (by === "public") return endpoint.handle(context, queryOf(request), request);
  if (by === "application") return dispatchApplication(context, endpoint, request, failed);
  if (by === "query") {
    const operator = await authenticateOperator(context, request);
    requirePermission(operator.role, endpoint.may);
    return endpoint.handle(context, operator, queryOf(request), request);
  }
  requireJson(request);
  if (by === "back-end") {
    if (context.applications === undefined) throw new LatchkeyError("not-found");
    return jsonResponse(await endpoint.handle(context, request));
  }
  if (by === "node")
    return jsonResponse(await sealedExchange(context, endpoint.path, request, endpoint.handle));
  if (by === "anyone")
    return jsonResponse(await endpoint.handle(context, parseBody(request.body), request));
  const operator = await authenticateOperator(context, request, endpoint.many);
  requirePermission(operator.role, endpoint.may);
  return jsonResponse(await endpoint.handle(context, operator, parseBody(request.body)));
}
