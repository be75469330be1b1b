import { constantTimeEqual } from "../crypto/constant-time.ts";
import { hkdf } from "../crypto/hkdf.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64, toBase64Url } from "../encoding/base64.ts";
import { transcript } from "../encoding/transcript.ts";
import { LatchkeyError } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { CLIENT_NONCE_BYTES, MAX_UNIX_TIME } from "./endpoints.ts";
import { signingServerKey } from "./server-signature.ts";

/** What a node says about itself. */
export interface Registration {
  readonly tenantId: string;
  /** `reader`, `sensor`, `gateway` …; 1 to 32 of a-z, 0-9 and hyphen. */
  readonly nodeType: string;
  readonly nodePk: Uint8Array;
  /** 16 bytes. */
  readonly clientNonce: Uint8Array;
  /** 1 to 128 characters; absent where the tenant asks for none. */
  readonly enrolToken?: string;
}

/** ii_register_node: the node asks. */
export interface RegisterRequest extends Registration {
  /** Proves that the node was provisioned with the tenant's `comm_key`. */
  readonly mac: Uint8Array;
  /** Proves that it holds the key that it registers. */
  readonly signature: Uint8Array;
}

export type RegisterStatus = "registered" | "exists" | "pending";
const STATUSES = Object.freeze(["registered", "exists", "pending"] as const);

/** ii_register_node: the server answers. */
export interface RegisterAnswer {
  readonly nodeUid: string;
  readonly status: RegisterStatus;
  /** Unix seconds. */
  readonly serverTime: number;
  readonly serverSig: Uint8Array;
}

/** What the node signs and MACs. An empty token cannot be sent, so it stands for none. */
export function registerTranscript(node: Registration): Uint8Array {
  const token = node.enrolToken ?? "";
  const { tenantId, nodeType, nodePk, clientNonce } = node;
  return transcript("latchkey/v1/register", tenantId, nodeType, nodePk, clientNonce, token);
}

/** HMAC-SHA-256 of the transcript under a key derived for nothing else: 32 bytes. */
export function registerMac(
  crypto: CryptoProvider,
  commKey: Uint8Array,
  commIv: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const key = hkdf(crypto, commKey, commIv, "latchkey/v1/register", 32);
  const mac = crypto.hmacSha256(key, message);
  key.fill(0);
  return mac;
}

/** What the server signs. With nonce and key, so that it fits this request of this node only. */
export function registerAnswerTranscript(
  node: Registration,
  answer: Omit<RegisterAnswer, "serverSig">,
): Uint8Array {
  const { nodeUid, status, serverTime } = answer;
  return transcript(
    "latchkey/v1/register-answer",
    node.clientNonce,
    node.tenantId,
    nodeUid,
    node.nodePk,
    status,
    serverTime,
  );
}

/** Node: the request, signed with its seed and MACed. */
export function signRegistration(
  crypto: CryptoProvider,
  seed: Uint8Array,
  commKey: Uint8Array,
  commIv: Uint8Array,
  node: Registration,
): RegisterRequest {
  const message = registerTranscript(node);
  const mac = registerMac(crypto, commKey, commIv, message);
  return { ...node, mac, signature: crypto.ed25519Sign(seed, message) };
}

/** Server: is it a provisioned node's? @throws registration-refused, signature-invalid */
export function checkRegistration(
  crypto: CryptoProvider,
  commKey: Uint8Array,
  commIv: Uint8Array,
  request: RegisterRequest,
): void {
  const message = registerTranscript(request);
  const mac = registerMac(crypto, commKey, commIv, message);
  // The MAC first: a stranger's signature is not worth its verification.
  if (!constantTimeEqual(mac, request.mac)) throw new LatchkeyError("registration-refused");
  if (!crypto.ed25519Verify(request.nodePk, message, request.signature))
    throw new LatchkeyError("signature-invalid");
}

export function writeRegisterRequest(request: RegisterRequest): JsonObject {
  return {
    tenant_id: request.tenantId,
    node_type: request.nodeType,
    node_pk: toBase64Url(request.nodePk),
    client_nonce: toBase64Url(request.clientNonce),
    ...(request.enrolToken !== undefined && { enrol_token: request.enrolToken }),
    mac: toBase64Url(request.mac),
    signature_b64: toBase64(request.signature),
  };
}

/** @throws malformed */
export function parseRegisterRequest(body: JsonReader): RegisterRequest {
  const enrolToken = body.optionalString("enrol_token", { max: 128 });
  return {
    tenantId: body.uuid("tenant_id"),
    nodeType: body.word("node_type", { max: 32 }),
    nodePk: body.bytes("node_pk", 32),
    clientNonce: body.bytes("client_nonce", CLIENT_NONCE_BYTES),
    ...(enrolToken !== undefined && { enrolToken }),
    mac: body.bytes("mac", 32),
    signature: body.bytes("signature_b64", 64),
  };
}

/** Server: the answer, signed. */
export function signRegisterAnswer(
  crypto: CryptoProvider,
  serverSeed: Uint8Array,
  node: Registration,
  answer: Omit<RegisterAnswer, "serverSig">,
): RegisterAnswer {
  const message = registerAnswerTranscript(node, answer);
  return { ...answer, serverSig: crypto.ed25519Sign(serverSeed, message) };
}

export function writeRegisterAnswer(answer: RegisterAnswer): JsonObject {
  return {
    node_uid: answer.nodeUid,
    status: answer.status,
    server_time: answer.serverTime,
    server_sig: toBase64Url(answer.serverSig),
  };
}

/** @throws malformed */
export function parseRegisterAnswer(body: JsonReader): RegisterAnswer {
  return {
    nodeUid: body.uuid("node_uid"),
    status: body.oneOf("status", STATUSES),
    serverTime: body.uint("server_time", { max: MAX_UNIX_TIME }),
    serverSig: body.bytes("server_sig", 64),
  };
}

/** Node: is the answer the pinned server's, and to this request? @throws server-untrusted */
export function checkRegisterAnswer(
  crypto: CryptoProvider,
  serverKeys: readonly Uint8Array[],
  node: Registration,
  answer: RegisterAnswer,
): void {
  const signed = registerAnswerTranscript(node, answer);
  signingServerKey(crypto, serverKeys, signed, answer.serverSig);
}
