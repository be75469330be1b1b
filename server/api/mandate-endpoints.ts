import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { COUNTRIES } from "../mandate/countries.ts";
import {
  collectExport,
  listMandates,
  registerMandate,
  withdrawMandate,
} from "../mandate/mandate-log.ts";
import { MANDATE_STATES, type Mandate } from "../store/mandates.ts";
import { DONE, type Endpoint, managed } from "./endpoint.ts";
import { bytes, described, hash, list, oneOf, optional, text, uint, uuid } from "./field.ts";
import { form, object } from "./form.ts";
import {
  COLLECT_EXPORT_PATH,
  LIST_MANDATES_PATH,
  MANDATE_LOG_PATH,
  WITHDRAW_MANDATE_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

const MANDATES_MAX = 1000;

const order = {
  mandate_number: described(text(64), "As the court numbered it."),
  country: described(oneOf(COUNTRIES), "ISO 3166-1 alpha-2, of the court."),
  court: text(128),
  identity_hash: described(hash, "SHA-256 of the target's public key."),
};

const MANDATE = form({
  mandate_id: uuid,
  ...order,
  salt: hash,
  registered_at: time,
  registered_by: text(),
  window_ends_at: time,
  state: oneOf(MANDATE_STATES),
  closed_at: optional(time),
});

function mandateMember(mandate: Mandate): JsonObject {
  const { mandateId, number, country, court, identityHash, salt, closedAt, state } = mandate;
  return {
    mandate_id: mandateId,
    mandate_number: number,
    country,
    court,
    identity_hash: identityHash,
    salt: toHex(salt),
    registered_at: mandate.registeredAt,
    registered_by: mandate.registeredBy,
    window_ends_at: mandate.windowEndsAt,
    state,
    ...(closedAt !== undefined && { closed_at: closedAt }),
  };
}

/** Courts' orders: see docs/mandates.md. */
export const MANDATE_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "manage-mandates",
    path: MANDATE_LOG_PATH,
    chapter: "mandates",
    summary: "Registers a court's order and opens the 72 hours in which its export is collected.",
    fields: order,
    answer: form({
      mandate_id: uuid,
      registered_at: time,
      window_ends_at: time,
      collection_key: bytes(32),
    }),
    async handle(context, { tenantId, operator }, asked) {
      const { mandate_number: number, country, court, identity_hash: identityHash } = asked;
      const wanted = { tenantId, number, country, court, identityHash };
      const { mandate, collectionKey } = await registerMandate(context, wanted, operator.name);
      return {
        mandate_id: mandate.mandateId,
        registered_at: mandate.registeredAt,
        window_ends_at: mandate.windowEndsAt,
        collection_key: collectionKey,
      };
    },
  }),
  managed({
    may: "manage-mandates",
    path: COLLECT_EXPORT_PATH,
    chapter: "mandates",
    summary: "Gives a mandate's export out, once, and destroys it.",
    fields: { mandate_id: uuid, collection_key: bytes(32) },
    answer: form({
      export: described(text(8_000_000), "JSON; `sha256` is of these bytes."),
      sha256: hash,
    }),
    codes: ["not-found", "mandate-closed", "collection-key-wrong"],
    handle: (context, { tenantId, operator }, { mandate_id: mandateId, collection_key: key }) =>
      collectExport(context, { tenantId, mandateId, by: operator.name }, key),
  }),
  managed({
    may: "manage-mandates",
    path: WITHDRAW_MANDATE_PATH,
    chapter: "mandates",
    summary: "Takes back what was registered by mistake, and destroys its export.",
    fields: { mandate_id: uuid },
    answer: DONE,
    codes: ["not-found", "mandate-closed"],
    async handle(context, { tenantId, operator }, { mandate_id: mandateId }) {
      await withdrawMandate(context, { tenantId, mandateId, by: operator.name });
      return {};
    },
  }),
  managed({
    may: "manage-mandates",
    path: LIST_MANDATES_PATH,
    chapter: "mandates",
    summary: "The mandates, newest first.",
    fields: { limit: optional(uint(MANDATES_MAX, 1)) },
    answer: form({ mandates: list(object(MANDATE), MANDATES_MAX) }),
    async handle(context, { tenantId, operator }, { limit = 100 }) {
      const found = await listMandates(context, tenantId, limit, operator.name);
      return { mandates: found.map(mandateMember) };
    },
  }),
];
