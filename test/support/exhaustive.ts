/**
 * Whether enumerations run whole: in CI, and where LATCHKEY_EXHAUSTIVE=1 asks for it. Otherwise
 * `npm test` takes a part of the longest, so that it ends in two minutes, and says so.
 */
export const EXHAUSTIVE =
  process.env["CI"] === "true" || process.env["LATCHKEY_EXHAUSTIVE"] === "1";

const told = new Set<string>();

/** All cases, or, where nobody waits for all, every `step`-th with the last one. */
export function cases<T>(what: string, all: readonly T[], step: number): readonly T[] {
  if (EXHAUSTIVE || step <= 1) return all;
  if (!told.has(what)) {
    told.add(what);
    console.log(`      SAMPLED: ${what}, one in ${step}; LATCHKEY_EXHAUSTIVE=1 runs all`);
  }
  return all.filter((_, at) => at % step === 0 || at === all.length - 1);
}
