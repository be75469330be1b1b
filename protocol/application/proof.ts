import { toBase64, toBase64Url } from "../encoding/base64.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { ASSURANCES, type Assurance } from "./identity.ts";

/** The making of a passkey (WebAuthn §5.2.1), over the registration's transcript. */
export interface PasskeyCreation {
  readonly credentialId: Uint8Array;
  readonly clientData: Uint8Array;
  readonly attestation: Uint8Array;
}

/** A passkey's signature (WebAuthn §5.2.2), over the verification's transcript. */
export interface PasskeyAssertion {
  readonly credentialId: Uint8Array;
  readonly clientData: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
}

/** What proves a key: its Ed25519 signature, or what an authenticator says of it. */
export type KeyProof<Passkey> =
  | { readonly assurance: "STD"; readonly signature: Uint8Array }
  | { readonly assurance: "HS"; readonly passkey: Passkey };

const CREDENTIAL_ID = Object.freeze({ min: 1, max: 1023 }); // WebAuthn §4, Credential ID
const CLIENT_DATA = Object.freeze({ min: 1, max: 1024 });

/** @param writePasskey its members, beside `assurance` */
export function writeProof<Passkey>(
  proof: KeyProof<Passkey>,
  writePasskey: (passkey: Passkey) => JsonObject,
): JsonObject {
  const { assurance } = proof;
  if (proof.assurance === "STD") return { assurance, signature_b64: toBase64(proof.signature) };
  return { assurance, passkey: writePasskey(proof.passkey) };
}

/** @throws malformed */
export function parseProof<Passkey>(
  body: JsonReader,
  parsePasskey: (passkey: JsonReader) => Passkey,
): KeyProof<Passkey> {
  const assurance: Assurance = body.oneOf("assurance", ASSURANCES);
  if (assurance === "STD") return { assurance, signature: body.bytes("signature_b64", 64) };
  return { assurance, passkey: parsePasskey(body.object("passkey")) };
}

export function writePasskeyCreation(passkey: PasskeyCreation): JsonObject {
  return {
    credential_id: toBase64Url(passkey.credentialId),
    client_data: toBase64Url(passkey.clientData),
    attestation: toBase64Url(passkey.attestation),
  };
}

/** @throws malformed */
export function parsePasskeyCreation(passkey: JsonReader): PasskeyCreation {
  return {
    credentialId: passkey.bytes("credential_id", CREDENTIAL_ID),
    clientData: passkey.bytes("client_data", CLIENT_DATA),
    attestation: passkey.bytes("attestation", { min: 1, max: 8192 }),
  };
}

export function writePasskeyAssertion(passkey: PasskeyAssertion): JsonObject {
  return {
    credential_id: toBase64Url(passkey.credentialId),
    client_data: toBase64Url(passkey.clientData),
    authenticator_data: toBase64Url(passkey.authenticatorData),
    signature: toBase64Url(passkey.signature),
  };
}

/** @throws malformed */
export function parsePasskeyAssertion(passkey: JsonReader): PasskeyAssertion {
  return {
    credentialId: passkey.bytes("credential_id", CREDENTIAL_ID),
    clientData: passkey.bytes("client_data", CLIENT_DATA),
    authenticatorData: passkey.bytes("authenticator_data", { min: 37, max: 1024 }),
    signature: passkey.bytes("signature", { min: 8, max: 1024 }),
  };
}
