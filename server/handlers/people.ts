import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import { credentialType, typeMetadata } from "../../protocol/human/credential/types.ts";
import { isDid } from "../../protocol/human/pairwise-secret.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "../context.ts";
import { countHandshake } from "../request-limits.ts";
import { jsonResponse, textResponse } from "../response.ts";

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const PURPOSES = ["revocation", "suspension"] as const;

function tenantIn(query: URLSearchParams): string {
  const tenantId = query.get("tenant_id") ?? "";
  if (!UUID.test(tenantId)) throw malformed("tenant_id", "not a UUID");
  return tenantId;
}

const DER = Object.freeze({ min: 1, max: 8192 });
const STATEMENT = Object.freeze({ max: 12_288 });

/** identity_human/ih_begin_enrolment: the request for a revocation key, which a root answers. */
export async function beginEnrolment(
  context: ServiceContext,
  body: JsonReader,
  request: ServiceRequest,
): Promise<JsonObject> {
  await countHandshake(context, request.remoteAddress);
  const registry = context.humans.registry(body.uuid("tenant_id"));
  return { csr: toBase64Url(await registry.begin(body.string("token", { max: 128 }))) };
}

/** identity_human/ih_enrol: a root, and what it delegated; that it answers proves the root. */
export async function enrol(
  context: ServiceContext,
  body: JsonReader,
  request: ServiceRequest,
): Promise<JsonObject> {
  await countHandshake(context, request.remoteAddress);
  const token = body.string("token", { max: 128 });
  const answer = { token, root: body.bytes("root", DER), revoker: body.bytes("revoker", DER) };
  await context.humans.registry(body.uuid("tenant_id")).enrol(answer);
  return { accepted: true };
}

/** identity_human/ih_account: how a person's account is, for the person's devices. */
export async function askAccount(
  context: ServiceContext,
  body: JsonReader,
  request: ServiceRequest,
): Promise<JsonObject> {
  await countHandshake(context, request.remoteAddress);
  const statement = body.string("statement", STATEMENT);
  const registry = context.humans.registry(body.uuid("tenant_id"));
  const { crl, generation, devices, revoked } = await registry.account(statement);
  return { generation, devices, revoked, crl: toBase64Url(crl) };
}

/** identity_human/ih_submit: what a person's device says; the statement proves itself. */
export async function submitStatement(
  context: ServiceContext,
  body: JsonReader,
  request: ServiceRequest,
): Promise<JsonObject> {
  await countHandshake(context, request.remoteAddress);
  const statement = body.string("statement", STATEMENT);
  await context.humans.registry(body.uuid("tenant_id")).submit(statement);
  return { accepted: true };
}

/** identity_human/ih_resolve: the DID document of a `did:lastid`. */
export async function resolveIdentifier(
  context: ServiceContext,
  query: URLSearchParams,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  await countHandshake(context, request.remoteAddress);
  const did = query.get("did") ?? "";
  if (!isDid(did)) throw new LatchkeyError("did-unknown");
  return jsonResponse(await context.humans.registry(tenantIn(query)).resolve(did));
}

/** identity_human/ih_type: what is known of a type of credential (SD-JWT VC §6). */
export async function describeType(
  context: ServiceContext,
  query: URLSearchParams,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  await countHandshake(context, request.remoteAddress);
  const type = credentialType(query.get("vct"));
  if (type === undefined) throw new LatchkeyError("not-found");
  return jsonResponse(typeMetadata(type));
}

/** identity_human/ih_issuer: what others need to trust the tenant as an issuer. */
export async function describeIssuer(
  context: ServiceContext,
  query: URLSearchParams,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  await countHandshake(context, request.remoteAddress);
  const {
    issuer,
    certificate,
    withdrawn = [],
  } = (await context.humans.trustOf(tenantIn(query))).anchor;
  return jsonResponse({ issuer, certificate: toBase64Url(certificate), withdrawn });
}

/** identity_human/ih_status_list: a list of statuses, for everybody. */
export async function publishStatusList(
  context: ServiceContext,
  query: URLSearchParams,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  await countHandshake(context, request.remoteAddress);
  const list = query.get("list") ?? "";
  if (!/^[1-9]\d{0,2}$/.test(list)) throw malformed("list", "not a number of a list");
  const asked = query.get("purpose");
  const purpose = PURPOSES.find((one) => one === asked);
  if (asked !== null && purpose === undefined) throw malformed("purpose", PURPOSES.join(" or "));
  const token = await context.humans.statusList(tenantIn(query), Number(list), purpose);
  const type = purpose === undefined ? "application/statuslist+jwt" : "application/vc+jwt";
  return textResponse(type, token);
}
