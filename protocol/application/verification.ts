import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { transcript } from "../encoding/transcript.ts";
import { LatchkeyError } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import type { ChallengeRequest } from "../node/challenge.ts";
import { CLIENT_NONCE_BYTES } from "../node/endpoints.ts";
import type { ProvenExchange } from "../node/handshake.ts";
import {
  type Assurance,
  identityHash,
  PUBLIC_KEY_MAX,
  parseIdentityHash,
  subjectUid,
} from "./identity.ts";
import {
  type KeyProof,
  type PasskeyAssertion,
  parsePasskeyAssertion,
  parseProof,
  writePasskeyAssertion,
  writeProof,
} from "./proof.ts";

/** All that the two sides must agree on. */
export interface AppAuth extends ProvenExchange {
  readonly tenantId: string;
  /** The back end that the session is for, and no other. */
  readonly audience: string;
  readonly assurance: Assurance;
  readonly publicKey: Uint8Array;
}

/** ia_verify: the application asks. */
export interface AppVerifyRequest {
  readonly challengeId: string;
  /** The application's ephemeral X25519 key. */
  readonly appEpk: Uint8Array;
  readonly audience: string;
  readonly publicKey: Uint8Array;
  readonly proof: KeyProof<PasskeyAssertion>;
}

/** What the application signs, and what the session keys are bound to. */
export function appAuthTranscript(auth: AppAuth): Uint8Array {
  return transcript(
    "latchkey/v1/app-auth",
    auth.tenantId,
    auth.audience,
    auth.assurance,
    auth.challengeId,
    auth.nonce,
    auth.serverEpk,
    auth.nodeEpk,
    auth.publicKey,
    auth.serverPk,
  );
}

/** Server: does the answer prove the Ed25519 key? @throws signature-invalid */
export function checkAppAuth(crypto: CryptoProvider, auth: AppAuth, signature: Uint8Array): void {
  const { publicKey } = auth;
  if (publicKey.length !== 32) throw new LatchkeyError("signature-invalid");
  if (!crypto.ed25519Verify(publicKey, appAuthTranscript(auth), signature))
    throw new LatchkeyError("signature-invalid");
}

/** The challenge is a node's in all but the name of who asks. */
export function writeAppChallengeRequest(
  crypto: CryptoProvider,
  publicKey: Uint8Array,
  { tenantId, clientNonce }: ChallengeRequest,
): JsonObject {
  return {
    tenant_id: tenantId,
    identity_hash: identityHash(crypto, publicKey),
    client_nonce: toBase64Url(clientNonce),
  };
}

/** @throws malformed */
export function parseAppChallengeRequest(body: JsonReader): ChallengeRequest {
  return {
    tenantId: body.uuid("tenant_id"),
    nodeUid: subjectUid(parseIdentityHash(body)),
    clientNonce: body.bytes("client_nonce", CLIENT_NONCE_BYTES),
  };
}

export function writeAppVerifyRequest(request: AppVerifyRequest): JsonObject {
  return {
    challenge_id: request.challengeId,
    app_epk: toBase64Url(request.appEpk),
    audience: request.audience,
    public_key: toBase64Url(request.publicKey),
    ...writeProof(request.proof, writePasskeyAssertion),
  };
}

/** @throws malformed */
export function parseAppVerifyRequest(body: JsonReader): AppVerifyRequest {
  return {
    challengeId: body.uuid("challenge_id"),
    appEpk: body.bytes("app_epk", 32),
    audience: body.word("audience", { max: 64 }),
    publicKey: body.bytes("public_key", { min: 32, max: PUBLIC_KEY_MAX }),
    proof: parseProof(body, parsePasskeyAssertion),
  };
}
