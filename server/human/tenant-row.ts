import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { AuditEntry } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { RegistryContext } from "./person.ts";
import { type RegistryKeys, type RowKind, withRegistryKeys } from "./registry-keys.ts";

const ATTEMPTS = 8;

/** What a tenant has one of. */
type TenantRowKind = Exclude<RowKind, "account" | "identifier">;

export interface TenantRow {
  /** Absent before the first change. */
  readonly body: JsonReader | undefined;
  /** Counts the changes; 0 before the first. */
  readonly revision: number;
}

/**
 * A row of the tenant's own, sealed like a person's: whoever can write the database cannot write
 * anything into it. @throws storage-corrupt
 */
export async function openTenantRow(
  { records }: RegistryContext,
  tenantId: string,
  keys: RegistryKeys,
  kind: TenantRowKind,
): Promise<TenantRow> {
  const index = keys.indexOf(kind, "");
  const row = await records.human(tenantId, index);
  if (row === undefined) return { body: undefined, revision: 0 };
  return { body: keys.open(kind, index, row.sealed), revision: row.revision };
}

export interface TenantRowChange<T> {
  readonly body: JsonObject;
  /** Of the row in the audit log. */
  readonly kind: string;
  readonly data: AuditEntry["data"];
  readonly result: T;
}

/**
 * Changes the row together with its entry in the audit log. `step` may run again when another
 * change came first. @throws conflict, tenant-unknown, and what `step` throws
 */
export function changeTenantRow<T>(
  context: RegistryContext,
  tenantId: string,
  kind: TenantRowKind,
  step: (body: JsonReader | undefined) => TenantRowChange<T>,
): Promise<T> {
  return withRegistryKeys(context, tenantId, async (keys) => {
    const account = keys.indexOf(kind, "");
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await openTenantRow(context, tenantId, keys, kind);
      const { body, result, ...said } = step(known.body);
      const saved = await context.records.saveHuman({
        ...{ tenantId, account, replaces: known.revision, identifiers: [], revoked: [] },
        sealed: keys.seal(kind, account, body),
        entry: { tenantId, at: unixSeconds(context.clock), ...said },
      });
      if (saved) return result;
    }
    throw new LatchkeyError("conflict");
  });
}
