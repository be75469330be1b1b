import { Secret } from "../../protocol/crypto/secret.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import type { Mandate, NewMandate } from "../store/mandates.ts";
import type { AuditEntry } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import { openExport, sealExport } from "./export-seal.ts";
import { assembleExport } from "./mandate-export.ts";

/** How long an export may be collected. */
export const EXPORT_WINDOW_SECONDS = 72 * 3600;

export interface MandateOrder {
  readonly tenantId: string;
  readonly number: string;
  readonly country: string;
  readonly court: string;
  readonly identityHash: string;
}

export interface RegisteredMandate {
  readonly mandate: NewMandate;
  /** Opens the export; shown this once and not kept. */
  readonly collectionKey: string;
}

/** Which mandate, and who does something with it. */
export interface MandateStep {
  readonly tenantId: string;
  readonly mandateId: string;
  readonly by: string;
}

function entryOf(
  { tenantId, mandateId }: Pick<Mandate, "tenantId" | "mandateId">,
  kind: string,
  at: number,
  data: Readonly<Record<string, string | number>>,
): AuditEntry {
  return { tenantId, at, kind, data: { mandate_id: mandateId, ...data } };
}

/**
 * What the audit log has in place of the target. Managers and auditors read that log, and must not
 * learn who a court asks about; with the salt, which only admins see, the row proves it.
 */
function commitment(
  { crypto }: Pick<ServiceContext, "crypto">,
  { salt, identityHash }: Pick<Mandate, "salt" | "identityHash">,
): string {
  return toHex(crypto.sha256(transcript("latchkey/v1/mandate-target", salt, identityHash)));
}

/**
 * Registers a court's order and puts the export together, sealed, for 72 hours. An identity that
 * nobody knows here is registered like any other: its export says so.
 */
export async function registerMandate(
  context: ServiceContext,
  order: MandateOrder,
  by: string,
): Promise<RegisteredMandate> {
  const { records, random, crypto, clock } = context;
  const { tenantId, number, country, court, identityHash } = order;
  const at = unixSeconds(clock);
  const mandate = {
    ...order,
    mandateId: uuidFromRandom(random.bytes(16)),
    salt: random.bytes(32),
    registeredAt: at,
    registeredBy: by,
    windowEndsAt: at + EXPORT_WINDOW_SECONDS,
  };
  const metadata = await assembleExport(context, tenantId, identityHash);
  const said = { mandate_id: mandate.mandateId, mandate_number: number, country, court };
  const plain = toUtf8(JSON.stringify({ ...said, made_at: at, ...metadata }));
  const key = new Secret(random.bytes(32));
  const sealed = sealExport(crypto, key, mandate, plain);
  plain.fill(0);
  const collectionKey = toBase64Url(key.bytes);
  key.wipe();
  const target = commitment(context, mandate);
  const data = { mandate_number: number, country, court, target, by };
  const more = { window_ends_at: mandate.windowEndsAt };
  await records.addMandate(
    mandate,
    sealed,
    entryOf(mandate, "mandate-registered", at, { ...data, ...more }),
  );
  return { mandate, collectionKey };
}

/**
 * Gives the export out and destroys it. Of any number at once one gets it; a wrong key destroys
 * nothing, and is written down.
 * @throws not-found, mandate-closed, collection-key-wrong
 */
export async function collectExport(
  context: ServiceContext,
  step: MandateStep,
  key: Uint8Array,
): Promise<JsonObject> {
  const { records, crypto, clock } = context;
  const { tenantId, mandateId, by } = step;
  const at = unixSeconds(clock);
  await expireMandates(context);
  const mandate = await records.mandate(tenantId, mandateId);
  if (mandate === undefined) throw new LatchkeyError("not-found");
  const sealed = await records.mandateExport(tenantId, mandateId);
  if (sealed === undefined || mandate.windowEndsAt <= at) return refuse(context, step, "closed");
  const plain = openExport(crypto, key, mandate, sealed);
  if (plain === undefined) return refuse(context, step, "key-wrong");
  const sha256 = toHex(crypto.sha256(plain));
  const entry = entryOf(step, "mandate-export-collected", at, { sha256, by });
  // Before it is given out: what cannot be destroyed is not handed over.
  const isFirst = await records.closeMandate(step, "collected", at, entry);
  if (!isFirst) return refuse(context, step, "closed");
  const text = fromUtf8(plain, "export");
  plain.fill(0);
  return { export: text, sha256 };
}

async function refuse(
  { records, clock }: ServiceContext,
  step: MandateStep,
  cause: "closed" | "key-wrong",
): Promise<never> {
  const data = { cause, by: step.by };
  const at = unixSeconds(clock);
  await records.audit(entryOf(step, "mandate-collection-refused", at, data));
  throw new LatchkeyError(cause === "closed" ? "mandate-closed" : "collection-key-wrong");
}

/**
 * Takes back what was registered by mistake, and destroys the export.
 * @throws not-found, mandate-closed
 */
export async function withdrawMandate(context: ServiceContext, step: MandateStep): Promise<void> {
  const { records, clock } = context;
  const at = unixSeconds(clock);
  if ((await records.mandate(step.tenantId, step.mandateId)) === undefined)
    throw new LatchkeyError("not-found");
  const entry = entryOf(step, "mandate-withdrawn", at, { by: step.by });
  if (!(await records.closeMandate(step, "withdrawn", at, entry)))
    throw new LatchkeyError("mandate-closed");
}

/** The mandates, newest first. That somebody looked is a row as well. */
export async function listMandates(
  context: ServiceContext,
  tenantId: string,
  limit: number,
  by: string,
): Promise<readonly Mandate[]> {
  const { records } = context;
  const at = unixSeconds(context.clock);
  await expireMandates(context);
  await records.audit({ tenantId, at, kind: "mandates-listed", data: { by } });
  return records.mandates(tenantId, limit);
}

/** Destroys the exports that nobody came for. */
export async function expireMandates({
  records,
  clock,
}: Pick<ServiceContext, "records" | "clock">): Promise<void> {
  const at = unixSeconds(clock);
  await records.expireMandates(at, (mandate) =>
    entryOf(mandate, "mandate-export-expired", at, { window_ends_at: mandate.windowEndsAt }),
  );
}
