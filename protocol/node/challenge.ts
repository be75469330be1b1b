import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { transcript } from "../encoding/transcript.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { CLIENT_NONCE_BYTES, MAX_UNIX_TIME } from "./endpoints.ts";
import { signingServerKey } from "./server-signature.ts";

/** The longest life of a challenge in seconds. */
export const MAX_CHALLENGE_SECONDS = 60;

/** ii_request_challenge: the node asks. */
export interface ChallengeRequest {
  readonly tenantId: string;
  readonly nodeUid: string;
  /** 16 bytes. */
  readonly clientNonce: Uint8Array;
}

/** ii_request_challenge: the server answers. */
export interface Challenge {
  readonly challengeId: string;
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
  /** The server's ephemeral X25519 key, 32 bytes; one per challenge. */
  readonly serverEpk: Uint8Array;
  /** Unix seconds. */
  readonly serverTime: number;
  /** Seconds, 1 to 60. */
  readonly expiresIn: number;
  readonly serverSig: Uint8Array;
}

/** What the server signs: all of the answer, and what it answers. */
export function challengeTranscript(
  request: ChallengeRequest,
  challenge: Omit<Challenge, "serverSig">,
): Uint8Array {
  return transcript(
    "latchkey/v1/challenge",
    request.tenantId,
    request.nodeUid,
    request.clientNonce,
    challenge.challengeId,
    challenge.nonce,
    challenge.serverEpk,
    challenge.serverTime,
    challenge.expiresIn,
  );
}

export function writeChallengeRequest(request: ChallengeRequest): JsonObject {
  return {
    tenant_id: request.tenantId,
    node_uid: request.nodeUid,
    client_nonce: toBase64Url(request.clientNonce),
  };
}

/** @throws malformed */
export function parseChallengeRequest(body: JsonReader): ChallengeRequest {
  return {
    tenantId: body.uuid("tenant_id"),
    nodeUid: body.uuid("node_uid"),
    clientNonce: body.bytes("client_nonce", CLIENT_NONCE_BYTES),
  };
}

/** Server: the challenge, signed. */
export function signChallenge(
  crypto: CryptoProvider,
  serverSeed: Uint8Array,
  request: ChallengeRequest,
  challenge: Omit<Challenge, "serverSig">,
): Challenge {
  const message = challengeTranscript(request, challenge);
  return { ...challenge, serverSig: crypto.ed25519Sign(serverSeed, message) };
}

export function writeChallenge(challenge: Challenge): JsonObject {
  return {
    challenge_id: challenge.challengeId,
    nonce: toBase64Url(challenge.nonce),
    server_epk: toBase64Url(challenge.serverEpk),
    server_time: challenge.serverTime,
    expires_in: challenge.expiresIn,
    server_sig: toBase64Url(challenge.serverSig),
  };
}

/** @throws malformed */
export function parseChallenge(body: JsonReader): Challenge {
  return {
    challengeId: body.uuid("challenge_id"),
    nonce: body.bytes("nonce", 32),
    serverEpk: body.bytes("server_epk", 32),
    serverTime: body.uint("server_time", { max: MAX_UNIX_TIME }),
    expiresIn: body.uint("expires_in", { max: MAX_CHALLENGE_SECONDS }),
    serverSig: body.bytes("server_sig", 64),
  };
}

/**
 * Node: is the challenge the pinned server's, and to this request? Gives the server key that
 * signed it, which goes into the node's answer.
 * @throws server-untrusted
 */
export function checkChallenge(
  crypto: CryptoProvider,
  serverKeys: readonly Uint8Array[],
  request: ChallengeRequest,
  challenge: Challenge,
): Uint8Array {
  const signed = challengeTranscript(request, challenge);
  return signingServerKey(crypto, serverKeys, signed, challenge.serverSig);
}
