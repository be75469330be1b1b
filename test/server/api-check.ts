import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { isErrorCode } from "../../protocol/error-codes.ts";
import type { JsonObject, JsonValue } from "../../protocol/json/reader.ts";
import { ENDPOINTS } from "../../server/api/endpoints.ts";
import { openApiDocument } from "../../server/api/openapi.ts";
import type { ServiceRequest, ServiceResponse } from "../../server/context.ts";
import { normalise } from "../../server/request-parts.ts";

/** As it is served where there are applications. */
export const DOCUMENT = openApiDocument(ENDPOINTS, true);

interface Content {
  readonly schema: JsonObject;
  readonly "x-latchkey-sealed"?: JsonObject;
}

interface Described {
  readonly content: Readonly<Record<string, Content>>;
}

export interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: "query" | "header";
    readonly required: boolean;
    readonly schema: JsonObject;
  }[];
  readonly requestBody?: Described;
  readonly responses: Readonly<Record<string, Described>>;
  readonly "x-latchkey-roles"?: readonly string[];
}

/** What the document says of one endpoint. */
export interface Documented {
  readonly method: "GET" | "POST";
  /** Without a slash in front. */
  readonly path: string;
  readonly operation: Operation;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** With the answers that are written once in their places. */
function resolved(operation: Operation): Operation {
  const shared = (DOCUMENT["components"] as JsonObject)["responses"] as JsonObject;
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const { $ref: reference } = answer as { readonly $ref?: string };
    const name = reference?.slice(reference.lastIndexOf("/") + 1);
    return [status, name === undefined ? answer : (shared[name] as unknown as Described)];
  });
  return { ...operation, responses: Object.fromEntries(answers) };
}

/** Every operation of the document. */
export const OPERATIONS: readonly Documented[] = Object.entries(
  DOCUMENT["paths"] as unknown as Paths,
).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method: method.toUpperCase() as "GET" | "POST",
    path: path.slice(1),
    operation: resolved(operation),
  })),
);

const JSON_TYPE = "application/json";

/** What is sent and not described is a fault here, though clients must bear it. */
function closed(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, value]) => [name, closed(value)]);
  const isObject = "properties" in schema && schema["type"] === "object";
  const shut = isObject && !("additionalProperties" in schema);
  return { ...Object.fromEntries(entries), ...(shut && { additionalProperties: false }) };
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
// The package has no types for ECMAScript modules.
(addFormats as unknown as (to: Ajv2020) => void)(ajv);
const components = closed(DOCUMENT["components"]!) as JsonObject;

const compiled = new Map<JsonObject, ValidateFunction>();

function validator(schema: JsonObject): ValidateFunction {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile({ ...(closed(schema) as JsonObject), components });
    compiled.set(schema, validate);
  }
  return validate;
}

const open = new Map<JsonObject, ValidateFunction>();

/** Whether a schema of the document takes the value, with whatever it does not name. */
export function accepts(schema: JsonObject, value: unknown): boolean {
  let validate = open.get(schema);
  if (validate === undefined) {
    validate = ajv.compile({ ...schema, components: DOCUMENT["components"] });
    open.set(schema, validate);
  }
  return validate(value) as boolean;
}

function check(what: string, schema: JsonObject, value: unknown): void {
  const validate = validator(schema);
  if (!validate(value))
    assert.fail(`${what} is not as documented: ${ajv.errorsText(validate.errors)}`);
}

const typeOf = ({ headers }: ServiceResponse): string =>
  (headers["content-type"] ?? "").split(";")[0]!;

/**
 * Whether an answer is one that the document promises for the endpoint: status, content type,
 * code, and every field.
 */
export function checkDocumented(
  { method, path }: Pick<ServiceRequest, "method" | "path">,
  response: ServiceResponse,
): void {
  const name = normalise(path);
  const named = OPERATIONS.filter((each) => normalise(each.path) === name);
  const found = named.find((each) => each.method === method);
  const { status, body } = response;
  if (found === undefined) {
    const known = named.length > 0;
    if (method === "OPTIONS" && known && status === 204) return;
    const { code } = JSON.parse(body);
    // A page that may not ask is told so before anything else.
    assert.ok(code === "not-found" || (known && method === "OPTIONS" && isErrorCode(code)), body);
    return;
  }
  const { operationId, responses } = found.operation;
  const described = responses[status];
  const what = `${operationId} ${status}`;
  if (described === undefined) assert.fail(`${what} is not documented: ${body}`);
  const content = described.content[typeOf(response)];
  if (content === undefined) assert.fail(`${what}: ${typeOf(response)} is not documented`);
  const isJson = /json$/.test(typeOf(response));
  if (isJson) check(`${what} ${body.slice(0, 200)}`, content.schema, JSON.parse(body));
}

/** Whether what was in the envelope of an answer is as documented. */
export function checkSealed(path: string, plain: unknown): void {
  const found = OPERATIONS.find((each) => each.path === path);
  const sealed = found?.operation.responses["200"]?.content[JSON_TYPE]?.["x-latchkey-sealed"];
  assert.ok(sealed, `${path} is not documented as sealed`);
  check(`${path} ${JSON.stringify(plain).slice(0, 200)}`, sealed, plain);
}

/** Faults that nobody may have heard of: an answer over HTTP is a 500 to the caller. */
const faults: unknown[] = [];

export function noteFault(fault: unknown): void {
  faults.push(fault);
}

// Loaded by mocha this counts for every test of the run; elsewhere there is nobody to tell.
(globalThis as { afterEach?: (hook: () => void) => void }).afterEach?.(() => {
  const [first] = faults.splice(0);
  if (first !== undefined) throw first;
});
