import { ADVANCE, GLYPH_HEIGHT, GLYPH_WIDTH, glyphColumn } from "../../hal/font.ts";
import type { Bitmap } from "./bitmap.ts";

/** The largest magnification of the font that is looked for. */
const SCALE_MAX = 4;
const FIRST_CODE = 0x21;
const LAST_CODE = 0x7e;

interface FoundGlyph {
  readonly text: string;
  readonly x: number;
  /** Lit cells of the glyph: what there is to recognise it by. */
  readonly weight: number;
}

interface FoundLine {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly glyphs: readonly FoundGlyph[];
  readonly weight: number;
}

/**
 * Reads the text on the panel from its pixels, by the shapes of the font and nothing else: the
 * firmware is never asked what it meant to show. Light on dark and dark on light, in any of the
 * sizes, at any place. Lines from top to bottom; a gap of a character's width is a space.
 */
export function readText(bitmap: Bitmap): string[] {
  const glyphs = glyphsByShape();
  const lines = [...linesOf(bitmap, glyphs), ...linesOf(inverse(bitmap), glyphs)];
  lines.sort((a, b) => a.y - b.y || a.x - b.x);
  return lines.map(textOf);
}

/** Whether the panel shows `text` somewhere; case and runs of spaces count. */
export function showsText(bitmap: Bitmap, text: string): boolean {
  return readText(bitmap).some((line) => line.includes(text));
}

type Glyphs = ReadonlyMap<number, { readonly text: string; readonly weight: number }>;

/** All glyphs by their shape: five column bytes, the leftmost in the lowest digit of base 256. */
function glyphsByShape(): Glyphs {
  const glyphs = new Map<number, { text: string; weight: number }>();
  for (let code = FIRST_CODE; code <= LAST_CODE; code++) {
    let shape = 0;
    let weight = 0;
    for (let i = GLYPH_WIDTH - 1; i >= 0; i--) {
      const column = glyphColumn(code, i);
      shape = shape * 256 + column;
      for (let bits = column; bits > 0; bits >>= 1) weight += bits & 1;
    }
    if (!glyphs.has(shape)) glyphs.set(shape, { text: String.fromCharCode(code), weight });
  }
  return glyphs;
}

function inverse(bitmap: Bitmap): Bitmap {
  return { ...bitmap, pixels: bitmap.pixels.map((pixel) => 1 - pixel) };
}

function linesOf(bitmap: Bitmap, glyphs: Glyphs): FoundLine[] {
  const { width, height } = bitmap;
  const candidates: FoundLine[] = [];
  let cells = Int8Array.from(bitmap.pixels);
  for (let scale = 1; scale <= SCALE_MAX; scale++) {
    if (scale > 1) cells = largerCells(cells, width, height);
    if (!cells.includes(1)) break; // and so it is for all larger ones
    const columns = columnsOf(cells, width, height, scale);
    for (let y = 0; y + (GLYPH_HEIGHT - 1) * scale <= height; y++) {
      const line = lineAt(width, columns, glyphs, scale, y);
      if (line !== undefined) candidates.push(line);
    }
  }
  // A glyph can look like a part of another one at another height (a full stop, an apostrophe):
  // the line that explains most pixels is right, and no pixel is explained twice.
  candidates.sort((a, b) => b.weight - a.weight);
  const taken = new Uint8Array(bitmap.pixels.length);
  const lines: FoundLine[] = [];
  for (const candidate of candidates) {
    const glyphsLeft = candidate.glyphs.filter((glyph) => isFree(bitmap, taken, candidate, glyph));
    if (glyphsLeft.length === 0) continue;
    for (const glyph of glyphsLeft) take(bitmap, taken, candidate, glyph);
    lines.push({ ...candidate, glyphs: glyphsLeft, x: glyphsLeft[0]!.x });
  }
  return lines;
}

function lineAt(
  width: number,
  columns: Int16Array,
  glyphs: Glyphs,
  scale: number,
  y: number,
): FoundLine | undefined {
  const found: FoundGlyph[] = [];
  let weight = 0;
  for (let x = 0; x + GLYPH_WIDTH * scale <= width; ) {
    const glyph = glyphs.get(shapeAt(width, columns, scale, x, y));
    if (glyph === undefined) {
      x++;
      continue;
    }
    found.push({ ...glyph, x });
    weight += glyph.weight * scale * scale;
    x += ADVANCE * scale;
  }
  return found.length === 0 ? undefined : { x: found[0]!.x, y, scale, glyphs: found, weight };
}

/** The shape whose box is at this place; -1 when something is lit right before or behind it. */
function shapeAt(width: number, columns: Int16Array, scale: number, x: number, y: number): number {
  const row = y * width;
  const after = x + GLYPH_WIDTH * scale;
  if (x >= scale && columns[row + x - scale] !== 0) return -1;
  if (after < width && columns[row + after] !== 0) return -1;
  let shape = 0;
  for (let i = GLYPH_WIDTH - 1; i >= 0; i--) {
    const column = columns[row + x + i * scale]!;
    if (column < 0) return -1;
    shape = shape * 256 + column;
  }
  return shape;
}

/**
 * Cells of one size more: 1 where all pixels of the square that starts there are lit, 0 where
 * none is, -1 where some are. Outside of the panel is dark.
 */
function largerCells(cells: Int8Array, width: number, height: number): Int8Array<ArrayBuffer> {
  const out = new Int8Array(cells.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const here = cells[at]!;
      const right = x + 1 < width ? cells[at + 1]! : 0;
      const below = y + 1 < height ? cells[at + width]! : 0;
      const corner = x + 1 < width && y + 1 < height ? cells[at + width + 1]! : 0;
      out[at] = here === right && here === below && here === corner ? here : -1;
    }
  }
  return out;
}

/**
 * For each place the column of eight cells that starts there, top cell in bit 0; -1 where a cell
 * is partly lit. Each is the one below it, moved up by a cell.
 */
function columnsOf(cells: Int8Array, width: number, height: number, scale: number): Int16Array {
  const columns = new Int16Array(width * height);
  const lit = new Uint8Array(width * (height + scale));
  const mixed = new Uint8Array(width * (height + scale));
  for (let at = width * height - 1; at >= 0; at--) {
    const below = at + scale * width;
    const cell = cells[at]!;
    lit[at] = (lit[below]! << 1) | (cell === 1 ? 1 : 0);
    mixed[at] = (mixed[below]! << 1) | (cell < 0 ? 1 : 0);
    columns[at] = mixed[at] === 0 ? lit[at]! : -1;
  }
  return columns;
}

function eachPixel(
  bitmap: Bitmap,
  line: FoundLine,
  glyph: FoundGlyph,
  visit: (index: number) => void,
): void {
  const right = Math.min(bitmap.width, glyph.x + GLYPH_WIDTH * line.scale);
  const bottom = Math.min(bitmap.height, line.y + GLYPH_HEIGHT * line.scale);
  for (let y = line.y; y < bottom; y++) {
    for (let x = glyph.x; x < right; x++) {
      if (bitmap.pixels[y * bitmap.width + x] === 1) visit(y * bitmap.width + x);
    }
  }
}

function isFree(bitmap: Bitmap, taken: Uint8Array, line: FoundLine, glyph: FoundGlyph): boolean {
  let free = true;
  eachPixel(bitmap, line, glyph, (index) => {
    if (taken[index] === 1) free = false;
  });
  return free;
}

function take(bitmap: Bitmap, taken: Uint8Array, line: FoundLine, glyph: FoundGlyph): void {
  eachPixel(bitmap, line, glyph, (index) => {
    taken[index] = 1;
  });
}

function textOf(line: FoundLine): string {
  let text = "";
  let endX = line.x;
  for (const glyph of line.glyphs) {
    const gap = Math.round((glyph.x - endX) / (ADVANCE * line.scale));
    text += " ".repeat(Math.max(0, gap)) + glyph.text;
    endX = glyph.x + ADVANCE * line.scale;
  }
  return text;
}
