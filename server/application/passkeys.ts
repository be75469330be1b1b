import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { decodeAttestationObject } from "@simplewebauthn/server/helpers";
import type { PasskeyAssertion, PasskeyCreation } from "../../protocol/application/proof.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { type ApplicationOptions, relyingParties } from "./application-options.ts";

/** What an authenticator was asked to sign. */
export interface PasskeyQuestion {
  readonly crypto: CryptoProvider;
  readonly applications: ApplicationOptions;
  /** Its SHA-256 is the WebAuthn challenge. */
  readonly transcript: Uint8Array;
  readonly publicKey: Uint8Array;
}

const TYPE = "public-key";

function expected({ crypto, applications, transcript }: PasskeyQuestion) {
  return {
    expectedChallenge: toBase64Url(crypto.sha256(transcript)),
    expectedOrigin: [...applications.origins],
    expectedRPID: relyingParties(applications),
    requireUserVerification: true,
  };
}

/** The library's errors say what differed; a stranger is not told. */
async function orInvalid<T>(verifying: Promise<T>): Promise<T> {
  try {
    return await verifying;
  } catch (cause) {
    throw new LatchkeyError("signature-invalid", { cause });
  }
}

/** A key that is copied to other devices is not one that hardware keeps (WebAuthn §6.1.3, BE). */
function requireSingleDevice(deviceType: string): void {
  if (deviceType !== "singleDevice") throw new LatchkeyError("assurance-too-low");
}

/**
 * Attestation is not asked for, so that no browser sends certificates. Whoever does wants them to
 * be parsed, and the revocation lists that they name to be fetched.
 * @throws signature-invalid
 */
export async function refuseCertificates(attestation: Uint8Array): Promise<void> {
  // CBOR of any other shape makes this throw, which counts as refused.
  const isBare = async (): Promise<boolean> => {
    const decoded = decodeAttestationObject(new Uint8Array(attestation));
    const format = decoded.get("fmt");
    const certificates = decoded.get("attStmt").get("x5c");
    return (format === "none" || format === "packed") && certificates === undefined;
  };
  if (!(await orInvalid(isBare()))) throw new LatchkeyError("signature-invalid");
}

/**
 * Whether the passkey was made in answer to this, holds that key and stays on its device.
 * @throws signature-invalid, assurance-too-low
 */
export async function checkPasskeyCreation(
  question: PasskeyQuestion,
  { credentialId, clientData, attestation }: PasskeyCreation,
): Promise<void> {
  await refuseCertificates(attestation);
  const id = toBase64Url(credentialId);
  const response = {
    clientDataJSON: toBase64Url(clientData),
    attestationObject: toBase64Url(attestation),
  };
  const passkey = { id, rawId: id, type: TYPE, clientExtensionResults: {}, response } as const;
  const { verified, registrationInfo } = await orInvalid(
    verifyRegistrationResponse({ ...expected(question), response: passkey }),
  );
  if (!verified || !equalBytes(registrationInfo.credential.publicKey, question.publicKey))
    throw new LatchkeyError("signature-invalid");
  requireSingleDevice(registrationInfo.credentialDeviceType);
}

/**
 * Whether the passkey of that key signed this. The authenticator's counter is not kept: a copied
 * hardware key would have to be found out by other means.
 * @throws signature-invalid, assurance-too-low
 */
export async function checkPasskeyAssertion(
  question: PasskeyQuestion,
  { credentialId, clientData, authenticatorData, signature }: PasskeyAssertion,
): Promise<void> {
  const id = toBase64Url(credentialId);
  const response = {
    clientDataJSON: toBase64Url(clientData),
    authenticatorData: toBase64Url(authenticatorData),
    signature: toBase64Url(signature),
  };
  const passkey = { id, rawId: id, type: TYPE, clientExtensionResults: {}, response } as const;
  const publicKey = new Uint8Array(question.publicKey);
  const credential = { id, publicKey, counter: 0 };
  const { verified, authenticationInfo } = await orInvalid(
    verifyAuthenticationResponse({ ...expected(question), response: passkey, credential }),
  );
  if (!verified) throw new LatchkeyError("signature-invalid");
  requireSingleDevice(authenticationInfo.credentialDeviceType);
}
