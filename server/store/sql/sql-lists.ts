/** Rows of one statement that adds them. */
const ROWS_AT_ONCE = 16;

/**
 * The values once each, the last one repeated up to a power of two: a statement is prepared for
 * each length of its list, and each connection keeps few.
 */
export function padded<T extends string>(values: readonly T[]): readonly T[] {
  const list = [...new Set(values)];
  const last = list.at(-1)!;
  for (let length = 2 ** Math.ceil(Math.log2(list.length)); list.length < length; ) list.push(last);
  return list;
}

/** In pieces that one statement adds; for the same reason. */
export function* piecesOf<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE);
}
