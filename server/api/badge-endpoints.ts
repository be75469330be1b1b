import { MAX_BADGE_CHALLENGE_SECONDS } from "../../protocol/badge/challenge.ts";
import { REPORTED_DENIALS_MAX } from "../../protocol/badge/denial-report.ts";
import {
  BADGE_CHALLENGE_PATH,
  BADGE_UID_BYTES,
  BADGE_VERIFY_PATH,
  SEALED_BEGIN_PATH,
  SEALED_CONTINUE_PATH,
} from "../../protocol/badge/endpoints.ts";
import { SEALED_STEPS_MAX } from "../../protocol/badge/sealed-tap.ts";
import { RELAY_MS_MAX } from "../../protocol/badge/verify.ts";
import { CHECK_IN_PATH } from "../../protocol/node/endpoints.ts";
import { MAX_TOKEN_LENGTH, MAX_TOKEN_SECONDS } from "../../protocol/node/verify.ts";
import { beginSealed } from "../handlers/begin-sealed.ts";
import { checkIn } from "../handlers/check-in.ts";
import { continueSealed } from "../handlers/continue-sealed.ts";
import { requestBadgeChallenge } from "../handlers/request-badge-challenge.ts";
import { verifyBadge } from "../handlers/verify-badge.ts";
import type { Endpoint } from "./endpoint.ts";
import { boolean, bytes, list, oneOf, optional, text, uint, uuid, word, yes } from "./field.ts";
import { either, form, object } from "./form.ts";
import { time } from "./node-endpoints.ts";

const COUNT_MAX = 2 ** 32 - 1;

export const GRANT_FIELDS = {
  challenge_id: uuid,
  granted: yes,
  reason: oneOf(["granted"]),
  relay_ms: uint(RELAY_MS_MAX, 1),
  holder: optional(text(64)),
};
export const DENIAL_FIELDS = {
  challenge_id: uuid,
  granted: boolean,
  reason: word(40),
  relay_ms: uint(0),
};
const GRANT = form(GRANT_FIELDS);
const DENIAL = form(DENIAL_FIELDS);
const DECISION = either(GRANT, DENIAL);
const COMMAND = form({
  challenge_id: uuid,
  step: uint(SEALED_STEPS_MAX),
  command: bytes({ min: 4, max: 261 }),
});
const response = bytes({ min: 2, max: 258 });
const badge = { challenge_id: uuid, badge_uid: bytes(BADGE_UID_BYTES) };

/** What a node says of itself, as it is kept too. */
export const HEALTH = {
  uptime_s: uint(),
  firmware: text(40),
  state: text(40),
  granted: uint(),
  denied: uint(),
  faults: uint(),
  last_error: optional(text(40)),
  boot_reason: optional(text(20)),
  nfc: optional(text(20)),
  heap_free: optional(uint()),
  clock_age_s: optional(uint()),
  queue: optional(uint()),
  image: optional(
    object(
      form({
        product: text(64),
        security: uint(COUNT_MAX),
        reverted: optional(object(form({ version: text(64, 0), code: word(40) }))),
      }),
    ),
  ),
};

const DENIALS = form({
  boot: bytes(8),
  list: list(
    object(
      form({
        number: uint(COUNT_MAX, 1),
        badge_uid: optional(bytes({ min: 4, max: 10 })),
        reason: word(40),
        age_ms: uint(),
      }),
    ),
    REPORTED_DENIALS_MAX,
    1,
  ),
});

/** What a reader asks about badges, and what it tells of itself. All sealed. */
export const BADGE_ENDPOINTS: readonly Endpoint[] = [
  {
    by: "node",
    path: BADGE_CHALLENGE_PATH,
    chapter: "badges",
    summary: "A badge challenge for this reader, also ahead of the tap.",
    request: form({
      tenant_id: uuid,
      node_uid: uuid,
      badge_uid: optional(bytes(BADGE_UID_BYTES)),
    }),
    answer: form({
      challenge_id: uuid,
      nonce: bytes(32),
      expires_in: uint(MAX_BADGE_CHALLENGE_SECONDS, 1),
    }),
    codes: ["tenant-mismatch", "forbidden-role"],
    handle: requestBadgeChallenge,
  },
  {
    by: "node",
    path: BADGE_VERIFY_PATH,
    chapter: "badges",
    summary: "The decision whether the badge may pass here and now.",
    request: form({ ...badge, signature_b64: bytes(64), picc: bytes(16), cmac: bytes(8) }),
    answer: DECISION,
    handle: verifyBadge,
  },
  {
    by: "node",
    path: SEALED_BEGIN_PATH,
    chapter: "badges",
    summary: "Begins the tap of a sealed badge: a command for its chip, or a denial.",
    request: form({ ...badge, picc: bytes(16), cmac: bytes(8), response }),
    answer: either(COMMAND, GRANT, DENIAL),
    handle: beginSealed,
  },
  {
    by: "node",
    path: SEALED_CONTINUE_PATH,
    chapter: "badges",
    summary: "Goes on with the tap of a sealed badge: the next command, or the decision.",
    request: form({ ...badge, step: uint(SEALED_STEPS_MAX), response }),
    answer: either(COMMAND, GRANT, DENIAL),
    handle: continueSealed,
  },
  {
    by: "node",
    path: CHECK_IN_PATH,
    chapter: "nodes",
    summary: "Takes a node's health and what its reader refused; gives a new token.",
    request: form({ ...HEALTH, denials: optional(object(DENIALS)) }),
    answer: form({
      token: text(MAX_TOKEN_LENGTH),
      expires_in: uint(MAX_TOKEN_SECONDS),
      server_time: time,
      next: list(word(32), 16),
      denials_recorded: optional(uint(COUNT_MAX)),
    }),
    handle: checkIn,
  },
];
