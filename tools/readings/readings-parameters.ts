import type { ReadingsWish } from "./readings-source.ts";

/** A wish as the query of `ii_sensor_data`, newest first. */
export function readingsParameters(
  { tenantId, nodeUid, from, to, field }: ReadingsWish,
  limit: number,
  cursor: string | undefined,
): URLSearchParams {
  const parameters = {
    ...{ tenant_id: tenantId, node_uid: nodeUid, from, to, field },
    ...{ order: "desc", limit: String(limit), cursor },
  };
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given as [string, string][]);
}
