/**
 * The converter figure of `bits` bits whose formula comes closest to `wanted`; the formula rises
 * or falls all the way, and is nearly a straight line: each other guess goes by that.
 */
export function invert(formula: (adc: number) => number, wanted: number, bits: number): number {
  let low = 0;
  let high = 2 ** bits - 1;
  let atLow = formula(low) - wanted;
  let atHigh = formula(high) - wanted;
  const rises = atHigh > atLow;
  for (let straight = true; high - low > 1; straight = !straight) {
    const share = straight ? atLow / (atLow - atHigh) : 0.5;
    const guess = Math.round(low + share * (high - low));
    const middle = Math.max(low + 1, Math.min(high - 1, guess));
    const at = formula(middle) - wanted;
    if (at < 0 === rises) {
      low = middle;
      atLow = at;
    } else {
      high = middle;
      atHigh = at;
    }
  }
  return Math.abs(atLow) <= Math.abs(atHigh) ? low : high;
}
