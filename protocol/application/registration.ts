import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { fromHex } from "../encoding/hex.ts";
import { LatchkeyError } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { CLIENT_NONCE_BYTES } from "../node/endpoints.ts";
import { type Registration, registerTranscript } from "../node/registration.ts";
import { APPLICATION_TYPES, type Assurance, identityHash, PUBLIC_KEY_MAX } from "./identity.ts";
import {
  type KeyProof,
  type PasskeyCreation,
  parsePasskeyCreation,
  parseProof,
  writePasskeyCreation,
  writeProof,
} from "./proof.ts";

/** What an application says before it proves its key. */
export interface AppRegistration {
  readonly tenantId: string;
  /** 16 bytes. */
  readonly clientNonce: Uint8Array;
  /** 1 to 128 characters; absent where the tenant asks for none. */
  readonly enrolToken?: string;
}

/** ia_register: the application asks. */
export interface AppRegisterRequest extends AppRegistration {
  readonly publicKey: Uint8Array;
  readonly proof: KeyProof<PasskeyCreation>;
}

/**
 * What the key signs: a node's transcript, with the application's type. A passkey is not there
 * before it has signed; its authenticator binds the two.
 * @param publicKey of an STD key
 */
export function appRegisterTranscript(
  { tenantId, clientNonce, enrolToken }: AppRegistration,
  assurance: Assurance,
  publicKey: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const nodeType = APPLICATION_TYPES[assurance];
  const token = enrolToken === undefined ? {} : { enrolToken };
  return registerTranscript({ tenantId, nodeType, nodePk: publicKey, clientNonce, ...token });
}

/** The application as a subject like a node: known by its hash, so that keys may have any form. */
export function appSubject(
  crypto: CryptoProvider,
  registration: AppRegistration,
  assurance: Assurance,
  publicKey: Uint8Array,
): Registration {
  const { tenantId, clientNonce, enrolToken } = registration;
  return {
    tenantId,
    nodeType: APPLICATION_TYPES[assurance],
    nodePk: fromHex(identityHash(crypto, publicKey)),
    clientNonce,
    ...(enrolToken !== undefined && { enrolToken }),
  };
}

/** Server: the Ed25519 key, if it signed. @throws signature-invalid */
export function checkAppRegistration(
  crypto: CryptoProvider,
  request: AppRegistration & { readonly publicKey: Uint8Array },
  signature: Uint8Array,
): void {
  const message = appRegisterTranscript(request, "STD", request.publicKey);
  if (request.publicKey.length !== 32) throw new LatchkeyError("signature-invalid");
  if (!crypto.ed25519Verify(request.publicKey, message, signature))
    throw new LatchkeyError("signature-invalid");
}

export function writeAppRegisterRequest(request: AppRegisterRequest): JsonObject {
  return {
    tenant_id: request.tenantId,
    public_key: toBase64Url(request.publicKey),
    client_nonce: toBase64Url(request.clientNonce),
    ...(request.enrolToken !== undefined && { enrol_token: request.enrolToken }),
    ...writeProof(request.proof, writePasskeyCreation),
  };
}

/** @throws malformed */
export function parseAppRegisterRequest(body: JsonReader): AppRegisterRequest {
  const enrolToken = body.optionalString("enrol_token", { max: 128 });
  return {
    tenantId: body.uuid("tenant_id"),
    publicKey: body.bytes("public_key", { min: 32, max: PUBLIC_KEY_MAX }),
    clientNonce: body.bytes("client_nonce", CLIENT_NONCE_BYTES),
    ...(enrolToken !== undefined && { enrolToken }),
    proof: parseProof(body, parsePasskeyCreation),
  };
}
