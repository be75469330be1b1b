import { ERROR_CODES, type ErrorCode } from "../../protocol/error-codes.ts";
import { PROBLEM_CONTENT_TYPE } from "../../protocol/json/problem.ts";
import { type JsonObject, MAX_BODY_LENGTH } from "../../protocol/json/reader.ts";
import { PERMISSIONS } from "../roles.ts";
import { codesOf, type Endpoint, JSON_TYPE, methodOf } from "./endpoint.ts";
import type { Shape } from "./form.ts";
import { ENVELOPE } from "./node-endpoints.ts";

/** Of this API; a field or an endpoint more is a minor step. */
const API_VERSION = "1.1.0";

/** Statuses that HTTP itself gives to what is `malformed`: too long, of another type. */
const BODY_STATUSES = [413, 415];

const PROBLEM: JsonObject = {
  type: "object",
  description: "RFC 9457. `code` is stable; docs/errors.md explains each.",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string" },
    detail: { type: "string" },
    field: { type: "string" },
    limit: { type: "string" },
    retry_after: { type: "number" },
    incident: { type: "string" },
  },
  required: ["type", "title", "status", "code"],
};

const SECURITY: Readonly<Record<Endpoint["by"], string | undefined>> = Object.freeze({
  reading: undefined,
  public: undefined,
  anyone: undefined,
  application: undefined,
  node: "session",
  "back-end": "backEnd",
  operator: "operator",
  query: "operator",
});

const bearer = (description: string, bearerFormat?: string): JsonObject => ({
  ...{ type: "http", scheme: "bearer", description },
  ...(bearerFormat !== undefined && { bearerFormat }),
});

function problemAnswer(status: number, codes: readonly ErrorCode[]): JsonObject {
  const waits = status === 429 || status === 503;
  const retry = { "retry-after": { description: "Seconds.", schema: { type: "string" } } };
  return {
    description: codes.map((code) => `\`${code}\``).join(", "),
    ...(waits && { headers: retry }),
    content: {
      [PROBLEM_CONTENT_TYPE]: {
        schema: {
          $ref: "#/components/schemas/Problem",
          properties: { code: { enum: codes }, status: { const: status } },
        },
      },
    },
  };
}

/** Answers with the same codes are written once. */
class SharedAnswers {
  readonly answers: { [name: string]: JsonObject } = {};

  of(status: number, codes: readonly ErrorCode[]): JsonObject {
    const name = [status, ...codes.toSorted()].join(".");
    this.answers[name] ??= problemAnswer(status, codes);
    return { $ref: `#/components/responses/${name}` };
  }
}

function refusals(endpoint: Endpoint, shared: SharedAnswers): JsonObject {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(endpoint)) {
    const { status } = ERROR_CODES[code] as { readonly status?: number };
    if (status === undefined) throw new Error(`${endpoint.path}: ${code} has no status`);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  if (methodOf(endpoint) === "POST")
    for (const status of BODY_STATUSES) byStatus.set(status, ["malformed"]);
  const sorted = [...byStatus].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([status, of]) => [status, shared.of(status, of)]));
}

const isSealed = (endpoint: Endpoint): boolean => endpoint.by === "node";
const sealsAnswer = (endpoint: Endpoint): boolean =>
  isSealed(endpoint) || ("sealsAnswer" in endpoint && endpoint.sealsAnswer === true);

const envelope = { $ref: "#/components/schemas/Envelope" };

/** What is in the envelope stands beside its schema: no tool can look inside of it. */
function content(isInEnvelope: boolean, { schema }: Shape): JsonObject {
  return isInEnvelope ? { schema: envelope, "x-latchkey-sealed": schema } : { schema };
}

function parametersOf(endpoint: Endpoint): readonly JsonObject[] {
  const named = Object.entries(endpoint.headers ?? {});
  const headers = named.map(([name, { schema }]) => ({
    name,
    in: "header",
    required: true,
    schema,
  }));
  if (endpoint.by !== "query" && endpoint.by !== "public") return headers;
  const { properties, required } = endpoint.query.schema;
  const asked = Object.entries(properties as JsonObject).map(([name, schema]) => ({
    ...{ name, in: "query", schema },
    required: ((required ?? []) as readonly string[]).includes(name),
  }));
  const rest = endpoint.by === "public" ? endpoint.rest : undefined;
  if (rest === undefined) return [...headers, ...asked];
  const { name, shape } = rest;
  return [...headers, { name, in: "path", required: true, schema: shape.schema }, ...asked];
}

function templateOf(endpoint: Endpoint): string {
  const rest = endpoint.by === "public" ? endpoint.rest : undefined;
  return rest === undefined ? `/${endpoint.path}` : `/${endpoint.path}/{${rest.name}}`;
}

function operation(endpoint: Endpoint, shared: SharedAnswers): JsonObject {
  const { by, path, summary, chapter, request, answer, answerTypes = [JSON_TYPE] } = endpoint;
  const parameters = parametersOf(endpoint);
  const scheme = SECURITY[by];
  const roles = "may" in endpoint ? PERMISSIONS[endpoint.may] : undefined;
  const sealed = sealsAnswer(endpoint);
  const answers = answerTypes.map((type) => [type, content(sealed, answer)]);
  return {
    operationId: path.replace(/^.*\//, "").replace(/\W/g, "_"),
    summary,
    tags: [chapter],
    security: scheme === undefined ? [] : [{ [scheme]: [] }],
    ...(roles && { description: `For the roles ${roles.join(", ")}.`, "x-latchkey-roles": roles }),
    ...(parameters.length > 0 && { parameters }),
    ...(request && {
      requestBody: {
        required: true,
        content: { [JSON_TYPE]: content(isSealed(endpoint), request) },
      },
    }),
    responses: {
      200: { description: "Done.", content: Object.fromEntries(answers) },
      ...refusals(endpoint, shared),
    },
  };
}

/**
 * The description of these endpoints in OpenAPI 3.1, whose schemas are JSON Schema 2020-12. Made
 * of what the router goes by, so that it says what the server does.
 */
export function openApiDocument(
  endpoints: readonly Endpoint[],
  withApplications: boolean,
): JsonObject {
  const served = endpoints.filter(
    ({ by }) => withApplications || (by !== "application" && by !== "back-end"),
  );
  const shared = new SharedAnswers();
  const paths = served.map((endpoint) => [
    templateOf(endpoint),
    { [methodOf(endpoint).toLowerCase()]: operation(endpoint, shared) },
  ]);
  const codes = [...new Set(served.flatMap(codesOf))].sort();
  return {
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Latchkey",
      version: API_VERSION,
      summary: "Nodes, badges, readings and applications that prove who they are.",
      description:
        `Bodies are JSON of at most ${MAX_BODY_LENGTH} bytes. Bytes are base64url or base64. ` +
        "Fields that are not named are ignored; a name that comes twice is `malformed`.",
      license: { name: "MIT", identifier: "MIT" },
    },
    "x-latchkey-codes": Object.fromEntries(codes.map((code) => [code, ERROR_CODES[code].title])),
    servers: [{ url: "/" }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Problem: PROBLEM, Envelope: ENVELOPE.schema },
      responses: shared.answers,
      securitySchemes: {
        session: bearer(
          "A node's access token; it opens nothing without the session's key.",
          "JWT",
        ),
        operator: bearer("An operator's token, `lka_…`."),
        backEnd: bearer("A back end's token, `lkb_…`."),
      },
    },
  };
}
