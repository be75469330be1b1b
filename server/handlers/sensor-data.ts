import { LatchkeyError } from "../../protocol/errors.ts";
import { writeStoredReadings } from "../../protocol/telemetry/stored-reading.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "../context.ts";
import { requireTenant } from "../operator-auth.ts";
import { readingsCsv } from "../readings-csv.ts";
import { parseReadingsRequest, type ReadingsRequest, writeCursor } from "../readings-query.ts";
import { csvResponse, jsonResponse } from "../response.ts";
import type { Operator } from "../store/operators.ts";
import type { ReadingRow } from "../store/readings.ts";

export interface ReadingsPage {
  readonly rows: readonly ReadingRow[];
  /** Asks for the next page; absent at the end. */
  readonly cursor: string | undefined;
}

/** A node of another tenant is one that nobody knows. @throws node-unknown */
export async function requireNode(
  { records }: ServiceContext,
  tenantId: string,
  nodeUid: string | undefined,
): Promise<void> {
  if (nodeUid === undefined) return;
  if ((await records.node(tenantId, nodeUid)) === undefined)
    throw new LatchkeyError("node-unknown");
}

/**
 * One page. The first fixes what had arrived by then, and the cursor carries that on: pages that
 * follow each other skip no reading and give none twice, whatever comes in meanwhile.
 */
export async function readingsPage(
  { records }: Pick<ServiceContext, "records">,
  request: ReadingsRequest,
): Promise<ReadingsPage> {
  const { cursor, limit, format: _, ...filter } = request;
  const throughId = cursor?.throughId ?? (await records.lastReadingId());
  const after = cursor && { after: cursor.after };
  // One more than a page holds tells whether there is another.
  const found = await records.readings({ ...filter, ...after, throughId, limit: limit + 1 });
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const more = found.length > limit && last !== undefined;
  const next = more ? writeCursor({ throughId, after: { at: last.at, id: last.id } }) : undefined;
  return { rows, cursor: next };
}

/** identity_iot/ii_sensor_data: what nodes reported, by node and time, as JSON or CSV. */
export async function querySensorData(
  context: ServiceContext,
  operator: Operator,
  query: URLSearchParams,
  { headers }: ServiceRequest,
): Promise<ServiceResponse> {
  const request = parseReadingsRequest(query);
  await requireTenant(context, operator, request.tenantId);
  await requireNode(context, request.tenantId, request.nodeUid);
  const { rows, cursor } = await readingsPage(context, request);
  const accepted = headers["accept"]?.split(",")[0]?.split(";")[0]?.trim().toLowerCase();
  const csv = request.format === undefined ? accepted === "text/csv" : request.format === "csv";
  if (csv) return csvResponse(readingsCsv(rows), cursor);
  return jsonResponse(writeStoredReadings({ readings: rows, ...(cursor && { cursor }) }));
}
