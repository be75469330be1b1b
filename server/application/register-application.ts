import { identityHash, subjectUid } from "../../protocol/application/identity.ts";
import {
  type AppRegisterRequest,
  appRegisterTranscript,
  appSubject,
  checkAppRegistration,
  parseAppRegisterRequest,
} from "../../protocol/application/registration.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import {
  type RegisterStatus,
  type Registration,
  signRegisterAnswer,
  writeRegisterAnswer,
} from "../../protocol/node/registration.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { tokenHash } from "../issued-token.ts";
import type { EnrolOutcome, Tenant } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { ApplicationOptions } from "./application-options.ts";
import { checkPasskeyCreation } from "./passkeys.ts";

/** @throws signature-invalid, assurance-too-low */
async function proveKey(
  { crypto }: ServiceContext,
  applications: ApplicationOptions,
  request: AppRegisterRequest,
): Promise<void> {
  const { proof, publicKey } = request;
  if (proof.assurance === "STD") {
    checkAppRegistration(crypto, request, proof.signature);
    return;
  }
  const transcript = appRegisterTranscript(request, "HS");
  await checkPasskeyCreation({ crypto, applications, transcript, publicKey }, proof.passkey);
}

/** A subject like a node, without a batch: it shares no key with the tenant. */
function enrol(
  context: ServiceContext,
  tenant: Tenant,
  nodeUid: string,
  subject: Registration,
): Promise<EnrolOutcome> {
  const { tenantId, nodeType, nodePk, enrolToken } = subject;
  const status = tenant.registration === "approve" ? "pending" : "active";
  const createdAt = unixSeconds(context.clock);
  const node = { tenantId, nodeUid, nodeType, nodePk, batch: "-", status, createdAt } as const;
  const needsToken = tenant.registration === "token";
  return context.records.enrolNode(
    node,
    needsToken ? tokenHash(context, enrolToken ?? "") : undefined,
  );
}

/** identity_app/ia_register: lets an application's key in, as the tenant's policy says. */
export async function registerApplication(
  context: ServiceContext,
  applications: ApplicationOptions,
  body: JsonReader,
  { remoteAddress }: ServiceRequest,
): Promise<JsonObject> {
  const { crypto, keys, clock, records, rates, limits } = context;
  rates.take("register-by-address", limits.registerByAddress, remoteAddress);
  const request = parseAppRegisterRequest(body);
  await proveKey(context, applications, request);
  const tenant = await records.tenant(request.tenantId);
  if (tenant === undefined) throw new LatchkeyError("registration-refused");
  const { publicKey, proof } = request;
  const nodeUid = subjectUid(identityHash(crypto, publicKey));
  const subject = appSubject(crypto, request, proof.assurance, publicKey);
  const enrolled = await enrol(context, tenant, nodeUid, subject);
  if (enrolled.outcome !== "created" && enrolled.outcome !== "exists")
    throw new LatchkeyError("enrol-token-invalid");
  const { node, outcome } = enrolled;
  if (node.status === "revoked") throw new LatchkeyError("node-revoked");
  const known: RegisterStatus = outcome === "created" ? "registered" : "exists";
  const status: RegisterStatus = node.status === "pending" ? "pending" : known;
  const answer = { nodeUid, status, serverTime: unixSeconds(clock) };
  return writeRegisterAnswer(signRegisterAnswer(crypto, keys.active.seed.bytes, subject, answer));
}
