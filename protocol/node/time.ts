import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { transcript } from "../encoding/transcript.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { CLIENT_NONCE_BYTES, MAX_UNIX_TIME } from "./endpoints.ts";
import { signingServerKey } from "./server-signature.ts";

/** ii_time: the node asks. */
export interface TimeRequest {
  /** 16 bytes. */
  readonly clientNonce: Uint8Array;
}

/** ii_time: the server answers. */
export interface TimeAnswer {
  /** Unix seconds. */
  readonly serverTime: number;
  readonly serverSig: Uint8Array;
}

/** What the server signs. Without the nonce, an old answer would set the clock back. */
export function timeTranscript(request: TimeRequest, serverTime: number): Uint8Array {
  return transcript("latchkey/v1/time", request.clientNonce, serverTime);
}

export function writeTimeRequest(request: TimeRequest): JsonObject {
  return { client_nonce: toBase64Url(request.clientNonce) };
}

/** @throws malformed */
export function parseTimeRequest(body: JsonReader): TimeRequest {
  return { clientNonce: body.bytes("client_nonce", CLIENT_NONCE_BYTES) };
}

/** Server: the answer, signed. */
export function signTime(
  crypto: CryptoProvider,
  serverSeed: Uint8Array,
  request: TimeRequest,
  serverTime: number,
): TimeAnswer {
  const serverSig = crypto.ed25519Sign(serverSeed, timeTranscript(request, serverTime));
  return { serverTime, serverSig };
}

export function writeTimeAnswer(answer: TimeAnswer): JsonObject {
  return { server_time: answer.serverTime, server_sig: toBase64Url(answer.serverSig) };
}

/** @throws malformed */
export function parseTimeAnswer(body: JsonReader): TimeAnswer {
  return {
    serverTime: body.uint("server_time", { max: MAX_UNIX_TIME }),
    serverSig: body.bytes("server_sig", 64),
  };
}

/** Node: is the answer the pinned server's, and to this request? @throws server-untrusted */
export function checkTime(
  crypto: CryptoProvider,
  serverKeys: readonly Uint8Array[],
  request: TimeRequest,
  answer: TimeAnswer,
): void {
  const signed = timeTranscript(request, answer.serverTime);
  signingServerKey(crypto, serverKeys, signed, answer.serverSig);
}
