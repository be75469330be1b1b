import type { StoredReading, StoredReadings } from "../../protocol/telemetry/stored-reading.ts";

/** What is asked for, with the names of the query in docs/server.md. */
export interface ReadingsWish {
  /** The server's first when it is not named. */
  readonly tenantId?: string;
  readonly nodeUid?: string;
  readonly from?: string;
  readonly to?: string;
  readonly field?: string;
}

/** Where readings are: a server elsewhere, or its data folder on this machine. */
export interface ReadingsSource {
  /** Newest first. */
  page(wish: ReadingsWish, limit: number, cursor?: string): Promise<StoredReadings>;
  /** As they come in, behind that id, until it is aborted. */
  follow(
    wish: Pick<ReadingsWish, "tenantId" | "nodeUid">,
    after: number,
    until: AbortSignal,
  ): AsyncIterable<readonly StoredReading[]>;
  close(): Promise<void>;
}

/** The newest `count`, in the order of time. */
export async function newestReadings(
  source: ReadingsSource,
  wish: ReadingsWish,
  count: number,
  pageSize: number,
): Promise<readonly StoredReading[]> {
  const found: StoredReading[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(pageSize, count - found.length);
    const page = await source.page(wish, limit, cursor);
    found.push(...page.readings);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < count);
  return found.reverse();
}
