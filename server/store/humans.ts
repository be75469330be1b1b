import type { AuditEntry, TenantKeyName } from "./records.ts";

/** An entry of one of a tenant's status lists. */
export interface StatusPlace {
  /** Lists are numbered from 1. */
  readonly list: number;
  readonly index: number;
}

/** A person's account as it is stored: nothing in it can be read without the registry's keys. */
export interface StoredHuman {
  readonly sealed: Uint8Array;
  /** Counts the changes. */
  readonly revision: number;
}

export interface HumanChange extends Pick<StoredHuman, "sealed"> {
  readonly tenantId: string;
  /** Under which the account is found: an HMAC, 32 bytes. */
  readonly account: Uint8Array;
  /** The revision that it replaces; 0 for the first. */
  readonly replaces: number;
  /** Rows of identifiers, each under an HMAC of its own: nothing says whose they are. */
  readonly identifiers: readonly { readonly did: Uint8Array; readonly sealed: Uint8Array }[];
  /** Entries that are revoked with it. */
  readonly revoked: readonly StatusPlace[];
  readonly entry: AuditEntry;
}

/** A list's entries that are in use, and those that are not valid. */
export interface StoredStatuses {
  readonly taken: number;
  readonly set: readonly { readonly index: number; readonly value: number }[];
}

/** The part of the records that is about people. */
export interface HumanRecords {
  human(tenantId: string, account: Uint8Array): Promise<StoredHuman | undefined>;
  /** Sealed. */
  humanIdentifier(tenantId: string, did: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * One transaction: account, identifiers, statuses and the audit entry; false when another change
   * came first, and then nothing is changed.
   */
  saveHuman(change: HumanChange): Promise<boolean>;
  /** Takes a free entry, valid at first; false when it is taken. With its audit entry. */
  takeStatus(tenantId: string, place: StatusPlace, entry: AuditEntry): Promise<boolean>;
  /** False for an entry that nobody has, or that is revoked, which it stays. */
  setStatus(
    tenantId: string,
    place: StatusPlace,
    value: number,
    entry: AuditEntry,
  ): Promise<boolean>;
  statuses(tenantId: string, list: number): Promise<StoredStatuses>;
  /** Adds a key that came after the tenant; false when it is there. @throws conflict */
  addTenantKey(
    tenantId: string,
    name: TenantKeyName,
    sealed: Uint8Array,
    sealedUnder: string,
  ): Promise<boolean>;
}
