import { CARD_STEP_PATH } from "../../protocol/badge/card-step.ts";
import {
  BADGE_UID_BYTES,
  LIST_NODES_PATH,
  REGISTER_BADGE_PATH,
} from "../../protocol/badge/endpoints.ts";
import { LIST_NODES_MAX } from "../../protocol/badge/list-nodes.ts";
import { RESPONSE_MAX } from "../../protocol/nfc/apdu.ts";
import { cardStep } from "../handlers/card-step.ts";
import { listNodes } from "../handlers/list-nodes.ts";
import { registerBadge } from "../handlers/register-badge.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  absent,
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
import { either, form, object } from "./form.ts";
import { time } from "./node-endpoints.ts";

const mode = oneOf(["STD", "HS"]);
const profile = oneOf(["open", "sealed"]);

const card = { run_id: absent, tenant_id: uuid, badge_uid: bytes({ min: 4, max: 10 }) };
const person = { holder: text(64), label: optional(text(64)) };
const CARD_NEW = { ...card, ...person, command: oneOf(["new"]), profile: optional(profile) };
const CARD_STARTS = [
  form({ ...card, command: oneOf(["inspect", "rekey", "wipe"]) }),
  form({ ...card, command: oneOf(["lock"]), for_good: optional(boolean) }),
  form({ ...CARD_NEW, mode: oneOf(["STD"]), node_uid: absent }),
  form({ ...CARD_NEW, mode: oneOf(["HS"]), node_uid: uuid }),
];
const CARD_RESPONSE = form({ run_id: uuid, response: bytes({ min: 0, max: RESPONSE_MAX + 64 }) });
const CARD_LOST = form({ run_id: uuid, lost: yes });

const CARD_DONE = form({
  done: yes,
  badge_uid: matching("^[0-9a-f]{8,20}$", "no UID"),
  state: oneOf(["enrolled", "blank", "unfinished", "foreign"]),
  changed: boolean,
  mode: optional(mode),
  profile: optional(profile),
  holder: optional(text(64)),
  lock: optional(oneOf(["open", "locked", "for-good"])),
  key_generation: optional(uint()),
  read_counter: optional(uint()),
  findings: optional(list(object(form({ what: text(), value: text(256, 0) })), 32)),
});

const NEW_BADGE = {
  tenant_id: uuid,
  badge_uid: bytes(BADGE_UID_BYTES),
  badge_pk: bytes(32),
  ...person,
};

/** Whoever writes badges: a manager with a card in his hand. */
export const CARD_ENDPOINTS: readonly Endpoint[] = [
  {
    by: "operator",
    may: "manage-badges",
    path: REGISTER_BADGE_PATH,
    chapter: "badges",
    summary: "Enrols a badge; answers what its chip must hold.",
    request: either(
      form({ ...NEW_BADGE, mode: oneOf(["STD"]), node_uid: absent }),
      form({ ...NEW_BADGE, mode: oneOf(["HS"]), node_uid: uuid }),
    ),
    answer: form({
      badge_uid: bytes(BADGE_UID_BYTES),
      mode,
      host: text(64),
      df1: bytes(32),
      chip_keys: list(object(form({ key: bytes(16) })), 5, 5),
      node_pk: optional(bytes(32)),
    }),
    codes: ["node-unknown", "conflict"],
    handle: registerBadge,
  },
  {
    by: "operator",
    may: "manage-badges",
    many: true,
    path: CARD_STEP_PATH,
    chapter: "badges",
    summary: "Works on a card that the caller holds, one APDU after the other.",
    request: either(...CARD_STARTS, CARD_RESPONSE, CARD_LOST),
    answer: either(form({ run_id: uuid, apdu: bytes({ min: 4, max: 261 }) }), CARD_DONE),
    codes: [
      ...(["node-unknown", "badge-unknown", "conflict", "busy", "mode-mismatch"] as const),
      ...(["badge-moved", "badge-changed", "badge-payload-invalid", "badge-not-ours"] as const),
      ...(["apdu-malformed", "card-status", "card-unsupported", "card-timeout"] as const),
      ...(["card-protocol", "card-key-wrong", "card-proof-invalid", "card-auth-delay"] as const),
      ...(["card-auth-refused", "card-mac-invalid", "card-desync", "card-session-ended"] as const),
      ...(["card-keys-unknown", "card-unfinished", "card-locked", "card-run-ended"] as const),
      ...(["ndef-malformed", "sdm-malformed", "sdm-mac-invalid", "sdm-counter-stale"] as const),
    ],
    handle: cardStep,
  },
  {
    by: "operator",
    may: "read-nodes",
    path: LIST_NODES_PATH,
    chapter: "nodes",
    summary: "A tenant's nodes, 50 on a page.",
    request: form({ tenant_id: uuid, after: optional(uuid) }),
    answer: form({
      nodes: list(
        object(
          form({
            node_uid: uuid,
            node_type: text(32),
            status: oneOf(["registered", "pending", "revoked"]),
            node_pk: bytes(32),
            seen_at: optional(time),
          }),
        ),
        LIST_NODES_MAX,
      ),
      after: optional(uuid),
    }),
    handle: listNodes,
  },
];
