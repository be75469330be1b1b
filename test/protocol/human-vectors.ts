import { readVectors } from "../support/vectors.ts";

/** One set of the published vectors of human identity; each names its standard and source. */
export function humanSet<T>(context: Mocha.Context, name: string): T {
  const { sets } = readVectors(context, "human-vectors.json") as { sets: Record<string, unknown> };
  return sets[name] as T;
}
