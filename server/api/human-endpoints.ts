import type { ErrorCode } from "../../protocol/error-codes.ts";
import {
  VISIT_PATH,
  VISIT_PRESENT_PATH,
  VISIT_REQUEST_PATH,
  VISIT_TEXT_MAX,
} from "../../protocol/visit/visit.ts";
import {
  askAccount,
  beginEnrolment,
  describeIssuer,
  describeType,
  enrol,
  publishStatusList,
  resolveIdentifier,
  submitStatement,
} from "../handlers/people.ts";
import { askVisit, followVisitLink, presentVisit, requestVisit } from "../handlers/visit.ts";
import { DEVICES_MAX } from "../human/account.ts";
import { ISSUER_KEYS_MAX } from "../human/issuer-book.ts";
import {
  ACCOUNT_PATH,
  BEGIN_ENROLMENT_PATH,
  ENROL_PATH,
  ISSUER_PATH,
  RESOLVE_PATH,
  STATUS_LIST_PATH,
  SUBMIT_PATH,
  TYPE_PATH,
} from "../human/paths.ts";
import { VISIT_LINK } from "../request-parts.ts";
import { DENIAL_FIELDS, GRANT_FIELDS } from "./badge-endpoints.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  anyObject,
  boolean,
  bytes,
  list,
  matching,
  oneOf,
  optional,
  text,
  uint,
  uuid,
  yes,
} from "./field.ts";
import { either, everything, form } from "./form.ts";

export const DER = { min: 1, max: 8192 };
const STATEMENT_MAX = 12_288;
export const serial = matching("^([0-9a-f]{2}){1,20}$", "not a serial number in hexadecimal", 40);
export const did = matching("^did:lastid:[A-Za-z0-9_-]{43}$", "not a did:lastid", 54);
const code = matching("^[0-9A-HJKMNP-TV-Z]{12}$", "not a code of a display", 12);
const state = <const S extends string>(word: S) => ({ state: oneOf([word]) });
const ACCEPTED = form({ accepted: yes });
const VISIT_CODES: readonly ErrorCode[] = [
  ...(["challenge-used", "challenge-expired", "policy-unclear"] as const),
];
/** All that can be wrong with a presentation. */
const PRESENTATION_CODES: readonly ErrorCode[] = [
  ...([
    "answer-incomplete",
    "answer-unexpected",
    "claim-not-shown",
    "claim-value-refused",
  ] as const),
  ...(["persona-unexpected", "persona-mixed", "holder-mixed", "credential-too-old"] as const),
  ...(["sd-jwt-too-large", "jws-malformed", "jws-algorithm", "jws-type", "jws-critical"] as const),
  ...(["signature-invalid", "disclosure-invalid", "disclosure-repeated"] as const),
  ...(["disclosure-unreferenced", "digest-repeated", "claim-collision"] as const),
  ...(["claim-name-reserved", "claim-not-disclosable", "sd-alg-unsupported"] as const),
  ...(["credential-date-invalid", "credential-expired", "credential-not-yet-valid"] as const),
  ...(["holder-key-invalid", "holder-key-missing", "key-binding-missing"] as const),
  ...(["key-binding-audience", "key-binding-nonce", "key-binding-time"] as const),
  ...(["key-binding-hash", "issuer-untrusted", "credential-type-unexpected"] as const),
  ...(["credential-claim-invalid", "status-reference-invalid"] as const),
  ...(["credential-revoked", "credential-suspended"] as const),
  ...(["status-host-refused", "status-unavailable", "status-list-invalid"] as const),
  ...(["status-list-foreign", "status-list-expired", "status-list-too-large"] as const),
  "status-index-invalid",
];

/** What a wallet is asked: members of an OpenID4VP 1.0 request. */
const REQUEST = form({
  client_id: text(),
  nonce: text(43, 43),
  response_type: oneOf(["vp_token"]),
  dcql_query: anyObject,
  expires_in: uint(60),
});

/** About people: the registry, status lists, and visitors at a door. */
export const HUMAN_ENDPOINTS: readonly Endpoint[] = [
  {
    by: "anyone",
    path: BEGIN_ENROLMENT_PATH,
    chapter: "people",
    summary: "A request for a revocation key, which the root of whoever was invited answers.",
    request: form({ tenant_id: uuid, token: text(128) }),
    answer: form({ csr: bytes(DER) }),
    codes: ["tenant-unknown", "invitation-invalid"],
    handle: beginEnrolment,
  },
  {
    by: "anyone",
    path: ENROL_PATH,
    chapter: "people",
    summary: "Enrols a root by what it delegated to the revocation key; uses the invitation up.",
    request: form({ tenant_id: uuid, token: text(128), root: bytes(DER), revoker: bytes(DER) }),
    answer: ACCEPTED,
    codes: [
      ...(["tenant-unknown", "invitation-invalid", "conflict"] as const),
      ...(["certificate-invalid", "certificate-untrusted", "certificate-expired"] as const),
    ],
    handle: enrol,
  },
  {
    by: "anyone",
    path: ACCOUNT_PATH,
    chapter: "people",
    summary: "How a person's account is, for a device of that person; the statement proves itself.",
    request: form({ tenant_id: uuid, statement: text(STATEMENT_MAX) }),
    answer: form({
      generation: uint(),
      devices: list(serial, DEVICES_MAX),
      revoked: list(serial, DEVICES_MAX),
      crl: bytes({ min: 1, max: 256 * 1024 }),
    }),
    codes: ["tenant-unknown", "statement-invalid", "replay", "human-unknown", "conflict"],
    handle: askAccount,
  },
  {
    by: "anyone",
    path: SUBMIT_PATH,
    chapter: "people",
    summary: "What a person's device says to the registry; the statement proves itself.",
    request: form({ tenant_id: uuid, statement: text(STATEMENT_MAX) }),
    answer: ACCEPTED,
    codes: [
      ...(["tenant-unknown", "statement-invalid", "delegation-invalid", "device-unknown"] as const),
      ...(["human-unknown", "conflict", "registry-full"] as const),
      ...(["replay", "certificate-revoked"] as const),
    ],
    handle: submitStatement,
  },
  {
    by: "public",
    path: RESOLVE_PATH,
    chapter: "people",
    summary: "The DID document of a did:lastid: the keys of live devices, and nothing else.",
    query: form({ tenant_id: uuid, did }),
    answer: everything(),
    codes: ["tenant-unknown", "did-unknown"],
    handle: resolveIdentifier,
  },
  {
    by: "public",
    path: TYPE_PATH,
    chapter: "people",
    summary: "A type of credential: its name, its claims, and which of them may be kept back.",
    query: form({ vct: text(64) }),
    answer: everything(),
    codes: ["not-found"],
    handle: describeType,
  },
  {
    by: "public",
    path: ISSUER_PATH,
    chapter: "people",
    summary: "The tenant as an issuer: its name, its anchor, and the keys that it has withdrawn.",
    query: form({ tenant_id: uuid }),
    answer: form({
      issuer: did,
      certificate: bytes(DER),
      withdrawn: list(serial, ISSUER_KEYS_MAX),
    }),
    codes: ["tenant-unknown"],
    handle: describeIssuer,
  },
  {
    by: "public",
    path: STATUS_LIST_PATH,
    chapter: "people",
    summary: "A list of the statuses of credentials, or for W3C readers of one purpose.",
    query: form({
      tenant_id: uuid,
      list: uint(999, 1),
      purpose: optional(oneOf(["revocation", "suspension"])),
    }),
    answer: everything(),
    answerTypes: ["application/statuslist+jwt", "application/vc+jwt"],
    codes: ["tenant-unknown", "not-found"],
    handle: publishStatusList,
  },
  {
    by: "node",
    path: VISIT_PATH,
    chapter: "people",
    summary: "What became of the request on the reader's display; or a new one.",
    request: form({ request_id: optional(uuid), renew: boolean }),
    answer: either(
      form(state("waiting")),
      form({
        ...state("open"),
        request_id: uuid,
        text: text(VISIT_TEXT_MAX),
        expires_in: uint(60),
      }),
      form({ ...state("decided"), ...GRANT_FIELDS }),
      form({ ...state("decided"), ...DENIAL_FIELDS }),
    ),
    codes: ["node-undelegated", "policy-unclear", "tenant-unknown"],
    handle: askVisit,
  },
  {
    by: "anyone",
    path: VISIT_REQUEST_PATH,
    chapter: "people",
    summary: "What the code on a display asks of a visitor.",
    request: form({ code }),
    answer: REQUEST,
    codes: VISIT_CODES,
    handle: requestVisit,
  },
  {
    by: "public",
    path: VISIT_LINK,
    chapter: "people",
    summary: "The same for who follows the link on the display.",
    rest: { name: "code", shape: code },
    query: form({}),
    answer: REQUEST,
    codes: VISIT_CODES,
    handle: followVisitLink,
  },
  {
    by: "anyone",
    path: VISIT_PRESENT_PATH,
    chapter: "people",
    summary: "A visitor's presentation for the door; the reader hears of it when it asks next.",
    request: form({ code, vp_token: anyObject }),
    answer: ACCEPTED,
    codes: [...VISIT_CODES, ...PRESENTATION_CODES],
    handle: presentVisit,
  },
];
