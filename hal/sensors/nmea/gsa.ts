import { countField } from "./fields.ts";
import type { Sentence } from "./sentence.ts";

/** What GSA (active satellites) says: 1 no fix, 2 without altitude, 3 with altitude. */
export type FixDimensions = 1 | 2 | 3;

/** `undefined` when the field is not what GSA has there. */
export function parseGsa({ type, fields }: Sentence): FixDimensions | undefined {
  if (type !== "GSA" || fields.length < 17) return undefined;
  const dimensions = countField(fields[1]);
  return dimensions === 1 || dimensions === 2 || dimensions === 3 ? dimensions : undefined;
}
