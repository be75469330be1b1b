import { APP_VERIFY_PATH } from "../../protocol/application/endpoints.ts";
import { assuranceOf, identityHash } from "../../protocol/application/identity.ts";
import {
  type AppAuth,
  type AppVerifyRequest,
  appAuthTranscript,
  checkAppAuth,
  parseAppChallengeRequest,
  parseAppVerifyRequest,
} from "../../protocol/application/verification.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { agreeOnSession } from "../../protocol/node/session-keys.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import { issueChallenge } from "../handlers/request-challenge.ts";
import { countChallenge, countLogin, notingFailure } from "../request-limits.ts";
import { openSession, type TakenChallenge, takeChallenge } from "../session-opening.ts";
import type { Node } from "../store/records.ts";
import type { ApplicationOptions } from "./application-options.ts";
import { checkPasskeyAssertion } from "./passkeys.ts";

/** An application has no key that the tenant gave it. */
const NO_COMM_KEY: Uint8Array = new Uint8Array(0);

/** identity_app/ia_request_challenge: as for nodes, nothing is looked up. */
export async function requestAppChallenge(
  context: ServiceContext,
  _applications: ApplicationOptions,
  body: JsonReader,
  { remoteAddress }: ServiceRequest,
): Promise<JsonObject> {
  const request = parseAppChallengeRequest(body);
  await countChallenge(context, request, remoteAddress);
  return issueChallenge(context, request);
}

function authOf(
  { keys }: ServiceContext,
  { tenantId, challengeId, nonce, serverEpk }: TakenChallenge,
  { audience, publicKey, appEpk, proof }: AppVerifyRequest,
): AppAuth {
  const { assurance } = proof;
  const serverPk = keys.active.publicKey;
  const exchange = { challengeId, nonce, serverEpk, nodeEpk: appEpk, serverPk };
  return { ...exchange, tenantId, audience, assurance, publicKey };
}

/** @throws signature-invalid, assurance-too-low, and to the key's holder: node-pending, -revoked */
async function proveApplication(
  context: ServiceContext,
  applications: ApplicationOptions,
  auth: AppAuth,
  nodeUid: string,
  { proof, publicKey }: AppVerifyRequest,
): Promise<Node> {
  const { crypto, records } = context;
  const node = await records.node(auth.tenantId, nodeUid);
  const transcript = appAuthTranscript(auth);
  if (proof.assurance === "STD") checkAppAuth(crypto, auth, proof.signature);
  else await checkPasskeyAssertion({ crypto, applications, transcript, publicKey }, proof.passkey);
  // Whoever asked in another's name has proved a key that is not the other's.
  const isItsKey = node !== undefined && toHex(node.nodePk) === identityHash(crypto, publicKey);
  if (!isItsKey || assuranceOf(node.nodeType) !== proof.assurance)
    throw new LatchkeyError("signature-invalid");
  if (node.status === "pending") throw new LatchkeyError("node-pending");
  if (node.status === "revoked") throw new LatchkeyError("node-revoked");
  return node;
}

/** identity_app/ia_verify: one attempt per challenge, right or wrong. */
export async function verifyApplication(
  context: ServiceContext,
  applications: ApplicationOptions,
  body: JsonReader,
  { remoteAddress }: ServiceRequest,
): Promise<JsonObject> {
  const { crypto } = context;
  const parse = () => parseAppVerifyRequest(body);
  const { challenge, request } = await takeChallenge(context, remoteAddress, parse);
  const ephemeral = new Secret(challenge.ephemeral);
  try {
    const auth = authOf(context, challenge, request);
    const { nodeUid, tenantId } = challenge;
    const proving = proveApplication(context, applications, auth, nodeUid, request);
    const { audience, appEpk, publicKey, proof } = request;
    const facts = { audience, assurance: proof.assurance };
    const who = { identity_hash: identityHash(crypto, publicKey), ...facts };
    const login = { way: "application", tenantId, who, from: remoteAddress } as const;
    const node = await notingFailure(context, challenge, login, proving);
    await countLogin(context, node, "application");
    const message = appAuthTranscript(auth);
    const material = agreeOnSession(crypto, ephemeral, appEpk, NO_COMM_KEY, message);
    await context.logins.opened(login);
    return await openSession(context, node, material, { path: APP_VERIFY_PATH, audience });
  } finally {
    ephemeral.wipe();
  }
}
