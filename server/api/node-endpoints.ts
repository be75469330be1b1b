import { MAX_BODY_LENGTH } from "../../protocol/json/reader.ts";
import { MAX_CHALLENGE_SECONDS } from "../../protocol/node/challenge.ts";
import {
  CHALLENGE_PATH,
  CLIENT_NONCE_BYTES,
  FIRMWARE_PATH,
  MAX_UNIX_TIME,
  REGISTER_PATH,
  ROTATE_KEY_PATH,
  TIME_PATH,
  VERIFY_PATH,
} from "../../protocol/node/endpoints.ts";
import { MAX_SEQ } from "../../protocol/node/envelope.ts";
import { FIRMWARE_CHUNK, FIRMWARE_PARTS } from "../../protocol/node/firmware-part.ts";
import { MAX_TOKEN_LENGTH, MAX_TOKEN_SECONDS } from "../../protocol/node/verify.ts";
import { sendFirmware } from "../handlers/firmware.ts";
import { registerNode } from "../handlers/register-node.ts";
import { requestChallenge } from "../handlers/request-challenge.ts";
import { rotateNodeKey } from "../handlers/rotate-key.ts";
import { answerTime } from "../handlers/time.ts";
import { verifyNode } from "../handlers/verify-node.ts";
import { DONE, type Endpoint } from "./endpoint.ts";
import { bytes, list, oneOf, optional, text, uint, uuid, word } from "./field.ts";
import { form } from "./form.ts";

export const time = uint(MAX_UNIX_TIME);

/** A sealed message; `ct` is cipher text and tag. */
export const ENVELOPE = form({
  v: uint(1, 1),
  sid: uuid,
  seq: uint(MAX_SEQ),
  ct: bytes({ min: 16, max: MAX_BODY_LENGTH }),
});

/** What is left of a challenge's words once the node's are taken out. */
export const CHALLENGE = form({
  challenge_id: uuid,
  nonce: bytes(32),
  server_epk: bytes(32),
  server_time: time,
  expires_in: uint(MAX_CHALLENGE_SECONDS, 1),
  server_sig: bytes(64),
});

/** The first message of a session. */
export const SESSION_ANSWER = form({
  token: text(MAX_TOKEN_LENGTH),
  expires_in: uint(MAX_TOKEN_SECONDS),
  next: list(word(32), 16),
});

export const REGISTER_ANSWER = form({
  node_uid: uuid,
  status: oneOf(["registered", "exists", "pending"]),
  server_time: time,
  server_sig: bytes(64),
});

/** How a node comes in, proves itself, and what it may ask for besides. */
export const NODE_ENDPOINTS: readonly Endpoint[] = [
  {
    by: "anyone",
    path: TIME_PATH,
    chapter: "nodes",
    summary: "The time, signed.",
    request: form({ client_nonce: bytes(CLIENT_NONCE_BYTES) }),
    answer: form({ server_time: time, server_sig: bytes(64) }),
    handle: answerTime,
  },
  {
    by: "anyone",
    path: REGISTER_PATH,
    chapter: "nodes",
    summary: "Lets a node's key in, as the tenant's policy says; idempotent.",
    request: form({
      tenant_id: uuid,
      node_type: word(32),
      node_pk: bytes(32),
      client_nonce: bytes(CLIENT_NONCE_BYTES),
      enrol_token: optional(text(128)),
      mac: bytes(32),
      signature_b64: bytes(64),
    }),
    answer: REGISTER_ANSWER,
    codes: [
      ...(["registration-refused", "signature-invalid", "enrol-token-invalid"] as const),
      ...(["node-revoked", "node-undelegated", "node-exists", "conflict"] as const),
    ],
    handle: registerNode,
  },
  {
    by: "anyone",
    path: CHALLENGE_PATH,
    chapter: "nodes",
    summary: "A challenge, for known and unknown nodes alike.",
    request: form({
      tenant_id: uuid,
      node_uid: uuid,
      client_nonce: bytes(CLIENT_NONCE_BYTES),
    }),
    answer: CHALLENGE,
    handle: requestChallenge,
  },
  {
    by: "anyone",
    path: VERIFY_PATH,
    chapter: "nodes",
    summary: "Opens a session for whoever proves a node's key; one attempt for each challenge.",
    request: form({ challenge_id: uuid, node_epk: bytes(32), signature_b64: bytes(64) }),
    answer: SESSION_ANSWER,
    sealsAnswer: true,
    codes: [
      ...(["challenge-used", "challenge-expired", "signature-invalid"] as const),
      ...(["node-pending", "node-revoked", "node-undelegated", "key-agreement-failed"] as const),
    ],
    handle: verifyNode,
  },
  {
    by: "node",
    path: ROTATE_KEY_PATH,
    chapter: "nodes",
    summary: "Takes the node's next key, signed by both, and ends its sessions.",
    request: form({ node_pk: bytes(32), signature_b64: bytes(64), old_signature_b64: bytes(64) }),
    answer: DONE,
    codes: ["signature-invalid", "conflict"],
    handle: rotateNodeKey,
  },
  {
    by: "node",
    path: FIRMWARE_PATH,
    chapter: "nodes",
    summary: "A piece of the newest image for the node's product.",
    request: form({
      product: text(64),
      part: oneOf(["manifest", "graph", "image"]),
      offset: uint(FIRMWARE_PARTS.image - 1),
      release: optional(uuid),
    }),
    answer: form({
      release: uuid,
      total: uint(FIRMWARE_PARTS.image),
      data: bytes({ min: 0, max: FIRMWARE_CHUNK }),
    }),
    codes: ["not-found", "conflict"],
    handle: sendFirmware,
  },
];
