import { qrCodewords } from "./qr-codewords.ts";

/** A QR code without its quiet zone. */
export interface QrCode {
  /** Modules on each side. */
  readonly size: number;
  /** One entry for each module, row by row; true is dark. */
  readonly modules: readonly boolean[];
}

/** Version 2. */
const SIZE = 25;
/** Centre of the one alignment pattern. */
const ALIGNMENT = 18;
/** Level M and mask 0 with their check bits, masked: ISO/IEC 18004:2015, annex C. */
const FORMAT = 0x5412;

/**
 * A code of version 2 and level M, which can lose 15 % to reflections: 25 modules a side leave, at
 * two pixels each, a quiet zone of 3.5 modules on a display of 64 rows.
 *
 * One size and always mask 0: which of the eight masks looks best matters on creased paper, not on
 * pixels, and to draw and weigh them all would hold up the event loop eight times as long. What
 * libraries for all sizes draw is the same, for five times the flash and over twice the steps.
 * @param text digits, capitals and ` $%*+-./:`, at most 38 characters
 */
export function qrCode(text: string): QrCode {
  const codewords = qrCodewords(text);
  const modules: Drawn[] = [];
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) modules.push(isReserved(x, y) ? patternAt(x, y) : undefined);
  placeFormat(modules);
  placeCodewords(modules, codewords);
  return { size: SIZE, modules: modules as boolean[] };
}

/** A module; `undefined` where data goes. */
type Drawn = boolean | undefined;

/** Finders with separators and format bits, timing, alignment: where no data stands. */
function isReserved(x: number, y: number): boolean {
  if (x === 6 || y === 6) return true;
  if (x < 9 && (y < 9 || y >= SIZE - 8)) return true;
  if (x >= SIZE - 8 && y < 9) return true;
  return x >= ALIGNMENT - 2 && x <= ALIGNMENT + 2 && y >= ALIGNMENT - 2 && y <= ALIGNMENT + 2;
}

/** Rings around three corners and the alignment's centre; between them dots in turn (§6.3). */
function patternAt(x: number, y: number): boolean {
  const left = x < 9;
  const top = y < 9;
  if ((left && (top || y >= SIZE - 8)) || (top && x >= SIZE - 8)) {
    const ring = Math.max(Math.abs(x - (left ? 3 : SIZE - 4)), Math.abs(y - (top ? 3 : SIZE - 4)));
    if (ring <= 4) return ring !== 2 && ring !== 4;
    return (x === 6 || y === 6) && (x + y) % 2 === 0;
  }
  if (x === 6 || y === 6) return (x + y) % 2 === 0;
  return Math.max(Math.abs(x - ALIGNMENT), Math.abs(y - ALIGNMENT)) !== 1;
}

/** Twice, bit 0 of each beside the right or the upper finder (figure 25), and the dark module. */
function placeFormat(modules: Drawn[]): void {
  for (let bit = 0; bit < 15; bit++) {
    const dark = ((FORMAT >> bit) & 1) === 1;
    const down = bit < 6 ? bit : bit < 8 ? bit + 1 : SIZE - 15 + bit;
    const across = bit < 8 ? SIZE - 1 - bit : bit === 8 ? 7 : 14 - bit;
    modules[SIZE * down + 8] = dark;
    modules[SIZE * 8 + across] = dark;
  }
  modules[SIZE * (SIZE - 8) + 8] = true;
}

/** Up and down in columns of two from the right, past the timing (§7.7.3); masked on the way. */
function placeCodewords(modules: Drawn[], codewords: Uint8Array): void {
  let bit = 0;
  for (let right = SIZE - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const upward = ((right + 1) & 2) === 0;
    for (let step = 0; step < SIZE; step++) {
      const y = upward ? SIZE - 1 - step : step;
      for (let x = right; x > right - 2; x--) {
        if (modules[SIZE * y + x] !== undefined) continue;
        // Past the last codeword seven modules are left over; they are zeros.
        const one = bit < 8 * codewords.length && bitAt(codewords, bit);
        modules[SIZE * y + x] = one !== ((x + y) % 2 === 0);
        bit++;
      }
    }
  }
}

function bitAt(bytes: Uint8Array, bit: number): boolean {
  return ((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1) === 1;
}
