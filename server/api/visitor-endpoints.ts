import { LatchkeyError } from "../../protocol/errors.ts";
import { parseP256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { ENTRIES_MIN, STATUS } from "../../protocol/human/status/bit-array.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { NAME_LENGTH_MAX } from "../policy/rules.ts";
import { visitCredential } from "../visit/visit-credential.ts";
import { unixSeconds } from "../wall-clock.ts";
import { DONE, type Endpoint, managed } from "./endpoint.ts";
import { boolean, bytes, hash, matching, oneOf, optional, text, uint } from "./field.ts";
import { form, object } from "./form.ts";
import { did, serial } from "./human-endpoints.ts";
import {
  CREDENTIAL_STATUS_PATH,
  INVITE_PERSON_PATH,
  INVITE_VISITOR_PATH,
  LOOK_UP_PERSON_PATH,
  REVOKE_DEVICE_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

const DAY_SECONDS = 86_400;
const CREDENTIAL_MAX = 8192;
const LISTS_MAX = 999;
const NAME_MAX = 128;

const day = matching("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "not a day such as 2026-12-25", 10);
const list = uint(LISTS_MAX, 1);
const index = uint(ENTRIES_MIN - 1);
const jwk = form({
  ...{ kty: oneOf(["EC"]), crv: oneOf(["P-256"]), x: bytes(32), y: bytes(32) },
});

const VALUES = Object.freeze({
  valid: STATUS.valid,
  revoked: STATUS.invalid,
  suspended: STATUS.suspended,
});

/** @throws holder-key-invalid for what is no point of the curve */
function holderKeyOf({ human }: ServiceContext, key: object): Uint8Array {
  const { x, y } = key as { readonly x: Uint8Array; readonly y: Uint8Array };
  const text = (part: Uint8Array) => Buffer.from(part).toString("base64url");
  const plain: JsonObject = { kty: "EC", crv: "P-256", x: text(x), y: text(y) };
  try {
    return parseP256Jwk(human, new JsonReader(plain));
  } catch (cause) {
    throw new LatchkeyError("holder-key-invalid", { cause });
  }
}

/** Invitations, what becomes of them, and people's devices: what a manager does. */
export const VISITOR_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "enrol-people",
    path: INVITE_PERSON_PATH,
    chapter: "people",
    summary: "A one-time token with which one person enrols an identity.",
    fields: { ttl_s: optional(uint(7 * DAY_SECONDS, 60)) },
    answer: form({ token: text(128), expires_at: time }),
    async handle({ humans, clock }, { tenantId, operator }, { ttl_s: ttl = DAY_SECONDS }) {
      const order = { by: operator.name, ttlSeconds: ttl };
      const token = await humans.registry(tenantId).invite(order);
      return { token, expires_at: unixSeconds(clock) + ttl };
    },
  }),
  managed({
    may: "invite-visitors",
    path: INVITE_VISITOR_PATH,
    chapter: "people",
    summary: "Issues a credential with which its holder may enter a zone on a day.",
    fields: {
      ...{ zone: text(NAME_LENGTH_MAX), day, jwk: object(jwk) },
      ...{ visitor: optional(text(NAME_MAX)), host: optional(text(NAME_MAX)) },
    },
    answer: form({ credential: text(CREDENTIAL_MAX), list, index }),
    codes: ["holder-key-invalid", "credential-date-invalid"],
    async handle(context, { tenantId }, { zone, day: on, jwk: key, visitor, host }) {
      const names = { ...(visitor && { visitor }), ...(host && { host }) };
      const holderKey = holderKeyOf(context, key);
      const order = { tenantId, zone, day: on, holderKey, ...names };
      const credential = visitCredential(order, unixSeconds(context.clock));
      const { sdJwt, place } = await context.humans.issue(tenantId, credential);
      return { credential: sdJwt, ...place };
    },
  }),
  managed({
    may: "invite-visitors",
    path: CREDENTIAL_STATUS_PATH,
    chapter: "people",
    summary: "Suspends, reinstates or revokes a credential of the tenant; revoked is for good.",
    fields: { list, index, status: oneOf(["valid", "revoked", "suspended"]) },
    answer: DONE,
    codes: ["status-index-invalid"],
    async handle(context, { tenantId, operator }, { list: of, index: at, status }) {
      const place = { list: of, index: at };
      await context.humans.setStatus(tenantId, place, VALUES[status], operator.name);
      return {};
    },
  }),
  managed({
    may: "revoke-devices",
    path: REVOKE_DEVICE_PATH,
    chapter: "people",
    summary: "Revokes a person's device: its certificate, its keys, and credentials bound to them.",
    fields: { root: hash, serial, lost: boolean },
    answer: form({ generation: uint(), identifiers: uint(), credentials: uint() }),
    codes: ["human-unknown", "device-unknown"],
    async handle({ humans }, { tenantId, operator }, { root, ...order }) {
      const by = operator.name;
      const { generation, identifiers, credentials } = await humans
        .registry(tenantId)
        .revokeDevice(root, { ...order, by });
      return { generation, identifiers, credentials };
    },
  }),
  managed({
    may: "look-up-people",
    path: LOOK_UP_PERSON_PATH,
    chapter: "people",
    summary: "Whose identifier it is. The question and its purpose are in the audit log first.",
    fields: { did, purpose: text() },
    answer: form({ root: hash }),
    codes: ["did-unknown"],
    async handle({ humans }, { tenantId, operator }, { did: asked, purpose }) {
      const by = operator.name;
      return { root: await humans.registry(tenantId).lookUp(asked, { by, purpose }) };
    },
  }),
];
