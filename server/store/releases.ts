import type { FirmwarePart } from "../../protocol/node/firmware-part.ts";
import type { AuditEntry } from "./records.ts";

/** The identity behind a tenant. */
export interface StoredAuthority {
  readonly identityId: string;
  /** JSON of document and claims, as it came. */
  readonly graph: string;
  /** Whether a node needs a delegation. */
  readonly requiresDelegation: boolean;
  /** Counts the changes. */
  readonly revision: number;
}

export interface AuthorityChange extends Omit<StoredAuthority, "revision"> {
  readonly tenantId: string;
  /** The revision that it replaces; 0 for the first. */
  readonly replaces: number;
  /** Ids of claims, and when they were seen if they were not before: Unix milliseconds. */
  readonly seen: readonly (readonly [claimId: string, atMs: number])[];
  readonly entry: AuditEntry;
}

export interface StoredRelease {
  readonly tenantId: string;
  /** Which board and program. */
  readonly product: string;
  readonly releaseId: string;
  readonly version: string;
  readonly securityVersion: number;
  readonly publishedAt: number;
}

export interface NewRelease extends StoredRelease {
  readonly manifest: Uint8Array;
  readonly image: Uint8Array;
  readonly entry: AuditEntry;
}

/** A piece of what a release consists of. */
export interface ReleasePiece {
  readonly total: number;
  readonly data: Uint8Array;
}

/** The part of the records that is about identities behind tenants, and images. */
export interface ReleaseRecords {
  authority(tenantId: string): Promise<StoredAuthority | undefined>;
  /** One transaction, with its audit entry; false when another change came first. */
  saveAuthority(change: AuthorityChange): Promise<boolean>;
  /** Unix milliseconds by the id of a claim. */
  claimsSeen(tenantId: string): Promise<ReadonlyMap<string, number>>;

  release(tenantId: string, product: string): Promise<StoredRelease | undefined>;
  /**
   * In place of the product's last one, with its audit entry. @throws firmware-rollback when that
   * one came in between and is of a higher security version
   */
  saveRelease(release: NewRelease): Promise<void>;
  releasePiece(
    releaseId: string,
    part: Exclude<FirmwarePart, "graph">,
    offset: number,
    length: number,
  ): Promise<ReleasePiece | undefined>;
  /** That a node went back from it; with its audit entry, once. */
  saveReversal(nodeUid: string, releaseId: string, entry: AuditEntry): Promise<void>;
  hasReversal(tenantId: string, nodeUid: string, releaseId: string): Promise<boolean>;
}
