/**
 * The number of single-character edits, or swaps of neighbours, between two short words
 * (optimal string alignment). People swap letters more often than they invent them.
 */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const rows = new Array<number>((a.length + 1) * width).fill(0);
  for (let i = 0; i <= a.length; i++) rows[i * width] = i;
  for (let j = 0; j <= b.length; j++) rows[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const at = i * width + j;
      let best = Math.min(rows[at - width]! + 1, rows[at - 1]! + 1);
      best = Math.min(best, rows[at - width - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, rows[at - 2 * width - 2]! + 1);
      rows[at] = best;
    }
  }
  return rows[a.length * width + b.length]!;
}

/** What someone who typed `word` probably meant, or `undefined` when nothing is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > 32) return undefined;
  let best: string | undefined;
  let bestDistance = word.length <= 3 ? 2 : 3;
  for (const candidate of candidates) {
    const begun = word.length >= 3 && candidate.startsWith(word.toLowerCase());
    const distance = begun ? 1 : editDistance(word.toLowerCase(), candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
