import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64, toBase64Url } from "../encoding/base64.ts";
import { transcript } from "../encoding/transcript.ts";
import { LatchkeyError } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";

/** The longest life of an access token in seconds. */
export const MAX_TOKEN_SECONDS = 15 * 60;
/** The longest access token in characters. */
export const MAX_TOKEN_LENGTH = 2048;

/** All that the two sides must agree on. */
export interface NodeAuth {
  readonly tenantId: string;
  readonly nodeUid: string;
  readonly challengeId: string;
  readonly nonce: Uint8Array;
  readonly serverEpk: Uint8Array;
  readonly nodeEpk: Uint8Array;
  readonly nodePk: Uint8Array;
  /** The key that signed the challenge. */
  readonly serverPk: Uint8Array;
}

/** ii_verify_node: the node asks. */
export interface VerifyRequest {
  readonly challengeId: string;
  readonly nodeEpk: Uint8Array;
  readonly signature: Uint8Array;
}

/** ii_verify_node: the server answers, sealed, as exchange 0 of the new session. */
export interface VerifyAnswer {
  /** JWT for the `Authorization` header. */
  readonly token: string;
  /** Seconds for which the token is good, 1 to 900. */
  readonly expiresIn: number;
  /** Work for the node, such as `update`; words it does not know are for a newer one. */
  readonly next: readonly string[];
}

/** What the node signs, and what the session keys are bound to. */
export function nodeAuthTranscript(auth: NodeAuth): Uint8Array {
  return transcript(
    "latchkey/v1/node-auth",
    auth.tenantId,
    auth.nodeUid,
    auth.challengeId,
    auth.nonce,
    auth.serverEpk,
    auth.nodeEpk,
    auth.nodePk,
    auth.serverPk,
  );
}

/**
 * Server: does the answer prove the node's key? Gives the transcript, which the session's keys are
 * bound to. @throws signature-invalid
 */
export function checkNodeAuth(
  crypto: CryptoProvider,
  auth: NodeAuth,
  signature: Uint8Array,
): Uint8Array {
  const signed = nodeAuthTranscript(auth);
  if (crypto.ed25519Verify(auth.nodePk, signed, signature)) return signed;
  throw new LatchkeyError("signature-invalid");
}

export function writeVerifyRequest(request: VerifyRequest): JsonObject {
  return {
    challenge_id: request.challengeId,
    node_epk: toBase64Url(request.nodeEpk),
    signature_b64: toBase64(request.signature),
  };
}

/** @throws malformed */
export function parseVerifyRequest(body: JsonReader): VerifyRequest {
  return {
    challengeId: body.uuid("challenge_id"),
    nodeEpk: body.bytes("node_epk", 32),
    signature: body.bytes("signature_b64", 64),
  };
}

export function writeVerifyAnswer(answer: VerifyAnswer): JsonObject {
  return { token: answer.token, expires_in: answer.expiresIn, next: answer.next };
}

/** The token and its life, which also come with the answer to a check-in. @throws malformed */
export function parseTokenGrant(body: JsonReader): { token: string; expiresIn: number } {
  return {
    token: body.string("token", { max: MAX_TOKEN_LENGTH }),
    expiresIn: body.uint("expires_in", { max: MAX_TOKEN_SECONDS }),
  };
}

/** `next`, if it is there; what is not a word is left out. @throws malformed */
export function parseNext(body: JsonReader): readonly string[] {
  const words = body.optional("next", () => body.array("next", { max: 16 })) ?? [];
  return words.filter(
    (word) => typeof word === "string" && /^[a-z0-9-]{1,32}$/.test(word),
  ) as string[];
}

/** @throws malformed */
export function parseVerifyAnswer(body: JsonReader): VerifyAnswer {
  return { ...parseTokenGrant(body), next: parseNext(body) };
}
