import type { AuditEntry } from "./records.ts";

/** `open`: its export waits to be collected. All others are final, and have none. */
export const MANDATE_STATES = Object.freeze(["open", "collected", "expired", "withdrawn"] as const);
export type MandateState = (typeof MANDATE_STATES)[number];

/** A court's order as it was registered. */
export interface Mandate {
  readonly tenantId: string;
  readonly mandateId: string;
  /** As the court numbered it. */
  readonly number: string;
  /** ISO 3166-1 alpha-2, of the court. */
  readonly country: string;
  readonly court: string;
  /** Whom it is about: 64 hexadecimal digits. */
  readonly identityHash: string;
  /** 32 bytes; with the hash it gives the commitment that the audit log has. */
  readonly salt: Uint8Array;
  readonly registeredAt: number;
  readonly registeredBy: string;
  /** The export is collected before this, or never. */
  readonly windowEndsAt: number;
  readonly state: MandateState;
  /** When it got its final state. */
  readonly closedAt: number | undefined;
}

export type NewMandate = Omit<Mandate, "state" | "closedAt">;

/** Mandates, and the exports that wait with them. A mandate is never removed. */
export interface MandateRecords {
  /** One transaction: the mandate, its sealed export, its audit entry. */
  addMandate(mandate: NewMandate, sealedExport: Uint8Array, entry: AuditEntry): Promise<void>;
  mandate(tenantId: string, mandateId: string): Promise<Mandate | undefined>;
  /** Newest first. */
  mandates(tenantId: string, limit: number): Promise<readonly Mandate[]>;
  /** While it is open. */
  mandateExport(tenantId: string, mandateId: string): Promise<Uint8Array | undefined>;
  /**
   * One transaction: if it is open and its window is not over at `at`, gives it the final state,
   * destroys the export and writes the entry. Of any number at once one gets true.
   */
  closeMandate(
    mandate: Pick<Mandate, "tenantId" | "mandateId">,
    state: "collected" | "withdrawn",
    at: number,
    entry: AuditEntry,
  ): Promise<boolean>;
  /** Closes all whose window is over, with an audit row each, and destroys their exports. */
  expireMandates(nowAt: number, entry: (mandate: Mandate) => AuditEntry): Promise<void>;
}
