import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { ISSUER_KEYS_MAX, keyListed, TRUSTED_MAX, trustedMember } from "../human/issuer-book.ts";
import { DONE, type Endpoint, managed } from "./endpoint.ts";
import { bytes, list, matching, oneOf, optional, uint } from "./field.ts";
import { form, object } from "./form.ts";
import { DER, did, serial } from "./human-endpoints.ts";
import {
  DISTRUST_ISSUER_PATH,
  LIST_ISSUERS_PATH,
  ROTATE_ISSUER_KEY_PATH,
  TRUST_ISSUER_PATH,
  WITHDRAW_ISSUER_KEY_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";
import { ruleName } from "./rule-endpoints.ts";

const ZONES_MAX = 64;
const TYPES = Object.values(CREDENTIAL_TYPES).map(({ vct }) => vct);
const host = matching("^[a-z0-9.-]+(:[0-9]{1,5})?$", "not a host such as status.example", 259);

const issuer = matching(
  "^(https://[a-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?|did:lastid:[A-Za-z0-9_-]{43})$",
  "neither an https URL nor a did:lastid",
  2048,
);
const TRUSTED = {
  issuer,
  certificate: bytes(DER),
  types: list(oneOf(TYPES), TYPES.length, 1),
  zones: list(ruleName, ZONES_MAX, 1),
  status_host: host,
};
const number = uint(ISSUER_KEYS_MAX, 1);
const KEY = form({ number, serial, added_at: time, withdrawn_at: optional(time) });

/** Whose invitations open a tenant's doors, and the keys with which it signs its own. */
export const ISSUER_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "manage-issuers",
    path: LIST_ISSUERS_PATH,
    chapter: "people",
    summary: "The tenant's own issuer with its keys, and the others that it trusts.",
    fields: {},
    answer: form({
      ...{ issuer: did, certificate: bytes(DER), keys: list(object(KEY), ISSUER_KEYS_MAX) },
      trusted: list(object(form({ ...TRUSTED, added_at: time })), TRUSTED_MAX),
    }),
    async handle({ humans }, { tenantId }) {
      const { anchor, book } = await humans.trustOf(tenantId);
      return {
        ...{ issuer: anchor.issuer, certificate: toBase64Url(anchor.certificate) },
        ...{ keys: book.keys.map(keyListed), trusted: book.trusted.map(trustedMember) },
      };
    },
  }),
  managed({
    may: "manage-issuers",
    path: TRUST_ISSUER_PATH,
    chapter: "people",
    summary: "Takes another issuer's invitations, of these types and to these zones only.",
    fields: TRUSTED,
    answer: DONE,
    codes: ["conflict", "certificate-invalid", "certificate-untrusted", "certificate-expired"],
    async handle({ humans }, { tenantId, operator }, { status_host: statusHost, ...order }) {
      await humans.trustIssuer(tenantId, { ...order, statusHost }, operator.name);
      return {};
    },
  }),
  managed({
    may: "manage-issuers",
    path: DISTRUST_ISSUER_PATH,
    chapter: "people",
    summary: "Ends all that another issuer may, at once.",
    fields: { issuer },
    answer: DONE,
    codes: ["conflict", "not-found"],
    async handle({ humans }, { tenantId, operator }, { issuer: of }) {
      await humans.distrustIssuer(tenantId, of, operator.name);
      return {};
    },
  }),
  managed({
    may: "manage-issuers",
    path: ROTATE_ISSUER_KEY_PATH,
    chapter: "people",
    summary: "The tenant signs with another key from now on; what the former has signed counts.",
    fields: {},
    answer: form({ number }),
    codes: ["conflict"],
    async handle({ humans }, { tenantId, operator }) {
      return { number: await humans.rotateIssuerKey(tenantId, operator.name) };
    },
  }),
  managed({
    may: "manage-issuers",
    path: WITHDRAW_ISSUER_KEY_PATH,
    chapter: "people",
    summary: "Nothing counts any more that a former key of the tenant has signed.",
    fields: { number },
    answer: DONE,
    codes: ["conflict", "not-found"],
    async handle({ humans }, { tenantId, operator }, { number: of }) {
      await humans.withdrawIssuerKey(tenantId, of, operator.name);
      return {};
    },
  }),
];
