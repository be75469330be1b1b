import type { Quantity } from "../../protocol/telemetry/ranges.ts";
import type { StoredReading } from "../../protocol/telemetry/stored-reading.ts";
import type { Alarm } from "./alarms.ts";
import type { DoorChange } from "./doors.ts";
import type { AuditEntry } from "./records.ts";

/** What can be asked for by name; `named` is any quantity of a named sensor. */
export type ReadingField = Quantity | "motion" | "badge_uid" | "granted" | "named";

/** A stored reading of any tenant. Its `id` ascends over all of them. */
export interface ReadingRow extends StoredReading {
  readonly tenantId: string;
}

export type NewReading = Omit<
  ReadingRow,
  "id" | "tenantId" | "nodeUid" | "logId" | "receivedAt"
> & {
  /** Raised if the reading is new. */
  readonly alarm?: Alarm;
  /** Noted if the reading is new. */
  readonly doors?: readonly DoorChange[];
};

/** One request of a node: stored whole or not at all. */
export interface ReadingBatch {
  readonly tenantId: string;
  readonly nodeUid: string;
  readonly logId: string | undefined;
  readonly receivedAt: number;
  readonly readings: readonly NewReading[];
  /** What the rows of this node may take; the oldest go, telemetry before access events. */
  readonly bytesMax: number;
  /** The row that says how many had to go. */
  readonly evicted: (count: number) => AuditEntry;
}

export interface ReadingOutcome {
  /** For each reading of the batch: whether it was new. */
  readonly isNew: readonly boolean[];
  /** How many old rows of the node had to make room. */
  readonly evicted: number;
}

/** Where a page ends: in the order of time, rows of one second in the order of arrival. */
export interface ReadingPlace {
  readonly at: number;
  readonly id: number;
}

export interface ReadingQuery {
  readonly tenantId: string;
  /** All nodes of the tenant when absent. */
  readonly nodeUid?: string;
  /** Unix seconds, both included. */
  readonly from?: number;
  readonly to?: number;
  /** Only what was measured of it. */
  readonly field?: ReadingField;
  readonly order: "asc" | "desc";
  readonly limit: number;
  /** Only what had arrived by then, so that pages fit together while more comes in. */
  readonly throughId: number;
  readonly after?: ReadingPlace;
}

/** The part of `Records` that keeps what nodes report. */
export interface ReadingRecords {
  /**
   * One transaction: stores what is new by (tenant, node, log, number), with its alarms, and
   * makes room. A reading without a log is always new.
   */
  recordReadings(batch: ReadingBatch): Promise<ReadingOutcome>;
  readings(query: ReadingQuery): Promise<readonly ReadingRow[]>;
  /** In the order of arrival, of one tenant or of all, after that id. */
  readingsAfter(
    id: number,
    limit: number,
    of?: { readonly tenantId?: string; readonly nodeUid?: string },
  ): Promise<readonly ReadingRow[]>;
  /** 0 when there is none. */
  lastReadingId(): Promise<number>;

  /** The last reading that a broker has acknowledged; `undefined` when it is new here. */
  publishedThrough(broker: string): Promise<number | undefined>;
  savePublished(broker: string, id: number): Promise<void>;
}
