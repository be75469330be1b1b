import { LatchkeyError } from "../../protocol/errors.ts";
import { parseReadingsRequest } from "../../server/readings-query.ts";
import { openLocalService } from "../local-service.ts";
import { readingsParameters } from "./readings-parameters.ts";
import type { ReadingsSource } from "./readings-source.ts";

/** How often another process's writing is looked for. */
const POLL_MS = 500;

/**
 * The server's own data folder: whoever can read it needs no token. A server that runs on it at
 * the same time is no hindrance.
 * @throws network-failed when there is none; as `openServiceFolder`
 */
export async function localReadings(folder: string): Promise<ReadingsSource> {
  const service = await openLocalService(folder, process.env);
  const { admin } = service;
  const tenantOf = async (named: string | undefined): Promise<string> => {
    const tenant = named ?? (await admin.tenants())[0]?.tenantId;
    if (tenant === undefined) throw new LatchkeyError("tenant-unknown");
    return tenant;
  };
  return {
    async page(wish, limit, cursor) {
      const tenantId = await tenantOf(wish.tenantId);
      const query = readingsParameters({ ...wish, tenantId }, limit, cursor);
      const { rows, cursor: next } = await admin.readingsPage(parseReadingsRequest(query));
      return { readings: rows, ...(next !== undefined && { cursor: next }) };
    },
    async *follow({ tenantId: named, nodeUid }, after, until) {
      const tenantId = await tenantOf(named);
      const of = { tenantId, ...(nodeUid !== undefined && { nodeUid }) };
      const pages = await admin.followReadings({ after, of, pollMs: POLL_MS });
      const end = (): void => void pages.return?.();
      until.addEventListener("abort", end, { once: true });
      if (!until.aborted) yield* pages;
    },
    async close() {
      await service.close();
    },
  };
}
