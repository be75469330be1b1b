import {
  APP_CHALLENGE_PATH,
  APP_CREATE_BACK_END_PATH,
  APP_OPEN_PATH,
  APP_REGISTER_PATH,
  APP_SEAL_PATH,
  APP_SET_ROLE_PATH,
  APP_VERIFY_PATH,
} from "../../protocol/application/endpoints.ts";
import { PUBLIC_KEY_MAX } from "../../protocol/application/identity.ts";
import { CLIENT_NONCE_BYTES } from "../../protocol/node/endpoints.ts";
import { APPLICATION_ROLES } from "../application/application-roles.ts";
import { createBackEndFor, setRoleFor } from "../application/manage-applications.ts";
import { openForBackEnd, sealForBackEnd } from "../application/open-for-back-end.ts";
import { registerApplication } from "../application/register-application.ts";
import { requestAppChallenge, verifyApplication } from "../application/verify-application.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  anyObject,
  anything,
  bytes,
  type Field,
  hash,
  oneOf,
  optional,
  text,
  uuid,
  word,
} from "./field.ts";
import { either, type Fields, form, object, type Shape } from "./form.ts";
import { CHALLENGE, ENVELOPE, REGISTER_ANSWER, SESSION_ANSWER, time } from "./node-endpoints.ts";

const client = {
  credential_id: bytes({ min: 1, max: 1023 }),
  client_data: bytes({ min: 1, max: 1024 }),
};
const creation = object(form({ ...client, attestation: bytes({ min: 1, max: 8192 }) }));
const assertion = object(
  form({
    ...client,
    authenticator_data: bytes({ min: 37, max: 1024 }),
    signature: bytes({ min: 8, max: 1024 }),
  }),
);

/** Proved by an Ed25519 signature, or by an authenticator. */
function proved(fields: Fields, passkey: Field<unknown>): Shape {
  return either(
    form({ ...fields, assurance: oneOf(["STD"]), signature_b64: bytes(64) }),
    form({ ...fields, assurance: oneOf(["HS"]), passkey }),
  );
}

const public_key = bytes({ min: 32, max: PUBLIC_KEY_MAX });
const role = oneOf(APPLICATION_ROLES);

const CLAIMS = form({
  sub: hash,
  tid: uuid,
  aud: word(64),
  sid: uuid,
  acr: oneOf(["STD", "HS"]),
  role,
  iat: time,
  exp: time,
});

/** Applications, the back ends that they talk to, and whoever says which of them count. */
export const APPLICATION_ENDPOINTS: readonly Endpoint[] = [
  {
    by: "application",
    path: APP_REGISTER_PATH,
    chapter: "applications",
    summary: "Lets an application's key in, as the tenant's policy says; idempotent.",
    request: proved(
      {
        tenant_id: uuid,
        public_key,
        client_nonce: bytes(CLIENT_NONCE_BYTES),
        enrol_token: optional(text(128)),
      },
      creation,
    ),
    answer: REGISTER_ANSWER,
    codes: [
      ...(["registration-refused", "signature-invalid", "assurance-too-low"] as const),
      ...(["enrol-token-invalid", "node-revoked", "conflict"] as const),
    ],
    handle: registerApplication,
  },
  {
    by: "application",
    path: APP_CHALLENGE_PATH,
    chapter: "applications",
    summary: "A challenge, for known and unknown identities alike.",
    request: form({
      tenant_id: uuid,
      identity_hash: hash,
      client_nonce: bytes(CLIENT_NONCE_BYTES),
    }),
    answer: CHALLENGE,
    handle: requestAppChallenge,
  },
  {
    by: "application",
    path: APP_VERIFY_PATH,
    chapter: "applications",
    summary: "Opens a session with one back end for whoever proves an identity's key.",
    request: proved(
      { challenge_id: uuid, app_epk: bytes(32), audience: word(64), public_key },
      assertion,
    ),
    answer: SESSION_ANSWER,
    sealsAnswer: true,
    codes: [
      ...(["challenge-used", "challenge-expired", "signature-invalid"] as const),
      ...(["assurance-too-low", "node-pending", "node-revoked", "key-agreement-failed"] as const),
    ],
    handle: verifyApplication,
  },
  {
    by: "back-end",
    path: APP_OPEN_PATH,
    chapter: "applications",
    summary: "Opens an application's request for the back end that it was sent to.",
    headers: { "x-latchkey-token": text(2600), "x-latchkey-target": text(2600) },
    request: ENVELOPE,
    answer: form({
      identity_hash: hash,
      tenant_id: uuid,
      claims: object(CLAIMS),
      role,
      body: anyObject,
      reply_id: uuid,
    }),
    codes: [
      ...(["token-expired", "token-invalid", "session-unknown", "node-pending"] as const),
      ...(["node-revoked", "node-undelegated", "envelope-invalid", "replay"] as const),
      ...(["unsupported-version", "audience-mismatch", "tenant-mismatch"] as const),
    ],
    handle: openForBackEnd,
  },
  {
    by: "back-end",
    path: APP_SEAL_PATH,
    chapter: "applications",
    summary: "Seals a back end's answer, once for each request that was opened.",
    headers: { "x-latchkey-reply": text(2600) },
    request: form({ status: optional(anything), body: optional(anything) }),
    answer: ENVELOPE,
    codes: ["challenge-used", "challenge-expired", "audience-mismatch", "session-unknown"],
    handle: sealForBackEnd,
  },
  {
    by: "operator",
    may: "manage-applications",
    path: APP_CREATE_BACK_END_PATH,
    chapter: "applications",
    summary: "A token for the back end of that name.",
    request: form({ tenant_id: uuid, audience: word(64) }),
    answer: form({ token: text(), node_uid: uuid }),
    handle: createBackEndFor,
  },
  {
    by: "operator",
    may: "manage-applications",
    path: APP_SET_ROLE_PATH,
    chapter: "applications",
    summary: "What an application may be to back ends, from its next request on.",
    request: form({ tenant_id: uuid, identity_hash: hash, role }),
    answer: form({ identity_hash: hash, role }),
    handle: setRoleFor,
  },
];
