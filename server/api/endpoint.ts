import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ApplicationOptions } from "../application/application-options.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "../context.ts";
import { requireTenant } from "../operator-auth.ts";
import type { Permission } from "../roles.ts";
import type { SealedHandler } from "../sealed-exchange.ts";
import { SERVER_CHAIN } from "../store/audit-chain.ts";
import type { Operator } from "../store/operators.ts";
import { uuid } from "./field.ts";
import { type Fields, type Form, form, type Parsed, type Shape } from "./form.ts";

export const JSON_TYPE = "application/json";

/** The chapters of the document. */
export type Chapter =
  | "nodes"
  | "badges"
  | "people"
  | "readings"
  | "applications"
  | "management"
  | "mandates"
  | "service";

/** What an endpoint is, for the router and for the OpenAPI document alike. */
interface Description {
  /** Relative to the base URL, without a slash in front. */
  readonly path: string;
  readonly chapter: Chapter;
  /** One sentence: what it does. */
  readonly summary: string;
  /** The body; of a sealed request what is in its envelope. */
  readonly request?: Shape;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, Shape>>;
  /** Of status 200; of a sealed answer what is in its envelope. */
  readonly answer: Shape;
  /** Of the answer, where it is not JSON alone: all that there are. */
  readonly answerTypes?: readonly string[];
  /** Codes that it may refuse with, besides those of everybody whom it is for; see `codesOf`. */
  readonly codes?: readonly ErrorCode[];
}

/** For anyone, with GET, and it asks for nothing. */
export interface ReadingEndpoint extends Description {
  readonly by: "reading";
  readonly handle: (context: ServiceContext) => Promise<ServiceResponse>;
}

/** For anyone: the message proves itself. */
export interface OpenEndpoint extends Description {
  readonly by: "anyone";
  /** What comes back is an envelope, and `answer` is in it. */
  readonly sealsAnswer?: true;
  readonly handle: (
    context: ServiceContext,
    body: JsonReader,
    request: ServiceRequest,
  ) => Promise<JsonObject>;
}

/** For a node, in its session. */
export interface NodeEndpoint extends Description {
  readonly by: "node";
  readonly handle: SealedHandler;
}

/** For an application: the message proves itself, and a page may send it. */
export interface ApplicationEndpoint extends Description {
  readonly by: "application";
  readonly sealsAnswer?: true;
  readonly handle: (
    context: ServiceContext,
    applications: ApplicationOptions,
    body: JsonReader,
    request: ServiceRequest,
  ) => Promise<JsonObject>;
}

/** For a back end, by its token. */
export interface BackEndEndpoint extends Description {
  readonly by: "back-end";
  readonly handle: (context: ServiceContext, request: ServiceRequest) => Promise<JsonObject>;
}

/** For an operator whose role may do that, by his token. */
export interface OperatorEndpoint extends Description {
  readonly by: "operator";
  readonly may: Permission;
  /** One piece of work takes dozens of requests. */
  readonly many?: true;
  readonly handle: (
    context: ServiceContext,
    operator: Operator,
    body: JsonReader,
  ) => Promise<JsonObject>;
}

/** For an operator whose role may do that, with GET. */
export interface QueryEndpoint extends Description {
  readonly by: "query";
  readonly may: Permission;
  /** Each property is a parameter. */
  readonly query: Shape;
  readonly handle: (
    context: ServiceContext,
    operator: Operator,
    query: URLSearchParams,
    request: ServiceRequest,
  ) => Promise<ServiceResponse>;
}

/** For anyone, with GET: what is published. */
export interface PublicEndpoint extends Description {
  readonly by: "public";
  /** Each property is a parameter. */
  readonly query: Shape;
  /** What comes after the path and a slash; the router takes any (see `normalise`). */
  readonly rest?: { readonly name: string; readonly shape: Shape };
  readonly handle: (
    context: ServiceContext,
    query: URLSearchParams,
    request: ServiceRequest,
  ) => Promise<ServiceResponse>;
}

export type Endpoint =
  | ReadingEndpoint
  | PublicEndpoint
  | OpenEndpoint
  | NodeEndpoint
  | ApplicationEndpoint
  | BackEndEndpoint
  | OperatorEndpoint
  | QueryEndpoint;

/** The operator who asks, let into the tenant that he asks for. */
export interface Caller {
  readonly operator: Operator;
  readonly tenantId: string;
}

interface ManagedEndpoint<F extends Fields> extends Omit<Description, "request"> {
  readonly may: Permission;
  readonly many?: true;
  /** Besides `tenant_id`. */
  readonly fields: F;
  /** Whoever is of all tenants may ask for what is of none, by the name of its audit chain. */
  readonly ofServer?: true;
  readonly handle: (
    context: ServiceContext,
    caller: Caller,
    asked: Parsed<F>,
  ) => Promise<JsonObject>;
}

/**
 * An endpoint for operators in one tenant. The tenant is checked here, before the handler has
 * anything in its hands: what is asked for is looked up in that tenant and nowhere else.
 */
export function managed<const F extends Fields>(endpoint: ManagedEndpoint<F>): OperatorEndpoint {
  const { fields, handle, ofServer, ...described } = endpoint;
  const own = form(fields);
  const request: Form<unknown> = form({ tenant_id: uuid, ...fields });
  return {
    ...described,
    by: "operator",
    request,
    async handle(context, operator, body) {
      const tenantId = body.uuid("tenant_id");
      const asked = own.parse(body);
      const isServer = ofServer && operator.tenantId === undefined && tenantId === SERVER_CHAIN;
      if (!isServer) await requireTenant(context, operator, tenantId);
      return handle(context, { operator, tenantId }, asked);
    },
  };
}

/** An empty object: it is done, and there is nothing to say. */
export const DONE: Shape = form({});

export function methodOf({ by }: Endpoint): "GET" | "POST" {
  return by === "reading" || by === "query" || by === "public" ? "GET" : "POST";
}

const SESSION_CODES: readonly ErrorCode[] = [
  ...(["unauthenticated", "token-expired", "token-invalid", "session-unknown"] as const),
  ...(["node-pending", "node-revoked", "node-undelegated", "envelope-invalid"] as const),
  ...(["unsupported-version", "replay", "rate-limited"] as const),
];
const OPERATOR_CODES: readonly ErrorCode[] = [
  ...(["unauthenticated", "rate-limited", "forbidden-role"] as const),
  ...(["tenant-mismatch", "tenant-unknown"] as const),
];
const EVERYBODY: readonly ErrorCode[] = ["malformed", "internal", "unavailable"];

const CODES: Readonly<Record<Endpoint["by"], readonly ErrorCode[]>> = Object.freeze({
  reading: [],
  public: ["rate-limited"],
  anyone: ["rate-limited"],
  node: SESSION_CODES,
  application: ["origin-refused", "rate-limited", "not-found"],
  "back-end": ["unauthenticated", "rate-limited", "not-found"],
  operator: OPERATOR_CODES,
  query: OPERATOR_CODES,
});

/** All codes that an endpoint may refuse with. */
export function codesOf({ by, codes = [] }: Endpoint): readonly ErrorCode[] {
  return [...new Set([...CODES[by], ...codes, ...EVERYBODY])];
}
