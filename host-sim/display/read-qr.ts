/**
 * What a camera reads off a reader's display: a QR code of version 2 in the left half, two pixels a
 * module. A clean picture needs no error correction; a code of another kind is `undefined`.
 */
const SIZE = 25;
const PIXELS = 2;
const EDGE = 7;
const DATA_CODEWORDS = 28;
/** ISO/IEC 18004:2015, table 5. */
const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const ALPHANUMERIC_MODE = 0b0010;

type Pixel = (x: number, y: number) => boolean;

/** Where no data stands: finders, formats, timing, alignment. */
function isFunction(x: number, y: number): boolean {
  const corner = (x < 9 && y < 9) || (x < 9 && y > SIZE - 9) || (x > SIZE - 9 && y < 9);
  const alignment = Math.abs(x - 18) <= 2 && Math.abs(y - 18) <= 2;
  return corner || alignment || x === 6 || y === 6;
}

/** Bits in the order in which they are placed (§7.7.3), without mask 0. */
function* dataBits(isDark: Pixel): Generator<number> {
  for (let column = SIZE - 1, up = true; column > 0; column -= 2, up = !up) {
    if (column === 6) column = 5;
    for (let row = 0; row < SIZE; row++) {
      const y = up ? SIZE - 1 - row : row;
      for (const x of [column, column - 1])
        if (!isFunction(x, y)) yield Number(isDark(x, y) !== ((x + y) % 2 === 0));
    }
  }
}

/** The text of the code, if there is one. */
export function readQr(isLit: Pixel): string | undefined {
  const isDark: Pixel = (x, y) => !isLit(EDGE + PIXELS * x, EDGE + PIXELS * y);
  // The three finders, and light around them.
  const corners = [
    [0, 0],
    [SIZE - 7, 0],
    [0, SIZE - 7],
  ] as const;
  for (const [left, top] of corners)
    for (let i = 0; i < 7; i++)
      if (!isDark(left + i, top) || !isDark(left, top + i)) return undefined;
  if (!isLit(0, 0) || !isLit(EDGE - 1, EDGE - 1)) return undefined;
  const bits = [...dataBits(isDark)].slice(0, DATA_CODEWORDS * 8);
  let at = 0;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) value = (value << 1) | bits[at++]!;
    return value;
  };
  if (take(4) !== ALPHANUMERIC_MODE) return undefined;
  const length = take(9);
  if (4 + 9 + Math.ceil(length * 5.5) > bits.length) return undefined;
  let text = "";
  while (text.length < length) {
    const two = length - text.length >= 2;
    const value = take(two ? 11 : 6);
    if (two) text += ALPHANUMERIC[Math.floor(value / 45)] ?? "";
    text += ALPHANUMERIC[value % 45]!;
  }
  return text;
}
