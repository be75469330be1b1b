/** Something that somebody should look after. */
export interface Alarm {
  readonly tenantId: string;
  /** Unix seconds. */
  readonly at: number;
  readonly kind: string;
  readonly badgeUid: string | undefined;
  readonly nodeUid: string | undefined;
  readonly cause: string;
}

/** Ids ascend. */
export type StoredAlarm = Alarm & { readonly id: number };

export interface AlarmRecords {
  /** Newest first, from behind `after` (an id) on. */
  alarms(tenantId: string, limit: number, after?: number): Promise<readonly StoredAlarm[]>;
}
