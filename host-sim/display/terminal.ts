import { type Bitmap, isLit } from "./bitmap.ts";

export interface TerminalOptions {
  /** `braille` has 2×4 pixels in a character, `half` has 1×2: larger and easier to read. */
  readonly style?: "braille" | "half";
  /** ANSI colour of the pixels; none unless given. */
  readonly color?: "cyan" | "yellow" | "white";
  /** A frame around the picture; there is one unless this says no. */
  readonly frame?: boolean;
}

/** Braille dots by column and row: bit numbers of U+2800 (Unicode chapter 21). */
const DOTS = Object.freeze([
  [0, 1, 2, 6],
  [3, 4, 5, 7],
]);
const ANSI = Object.freeze({ cyan: "\u001b[96m", yellow: "\u001b[93m", white: "\u001b[97m" });
const ANSI_END = "\u001b[0m";

/** The panel as lines of text for a terminal. */
export function renderTerminal(bitmap: Bitmap, options: TerminalOptions = {}): string[] {
  const { style = "braille", color, frame = true } = options;
  const rows = style === "braille" ? brailleRows(bitmap) : halfRows(bitmap);
  const painted = color === undefined ? rows : rows.map((row) => ANSI[color] + row + ANSI_END);
  if (!frame) return painted;
  const bar = "─".repeat(style === "braille" ? Math.ceil(bitmap.width / 2) : bitmap.width);
  return [`╭${bar}╮`, ...painted.map((row) => `│${row}│`), `╰${bar}╯`];
}

function brailleRows(bitmap: Bitmap): string[] {
  const rows: string[] = [];
  for (let y = 0; y < bitmap.height; y += 4) {
    let row = "";
    for (let x = 0; x < bitmap.width; x += 2) {
      let cell = 0;
      for (let dx = 0; dx < 2; dx++) {
        for (let dy = 0; dy < 4; dy++) {
          if (isLit(bitmap, x + dx, y + dy)) cell |= 1 << DOTS[dx]![dy]!;
        }
      }
      row += String.fromCharCode(0x2800 + cell);
    }
    rows.push(row);
  }
  return rows;
}

function halfRows(bitmap: Bitmap): string[] {
  const rows: string[] = [];
  for (let y = 0; y < bitmap.height; y += 2) {
    let row = "";
    for (let x = 0; x < bitmap.width; x++) {
      row += " ▀▄█"[(isLit(bitmap, x, y) ? 1 : 0) + (isLit(bitmap, x, y + 1) ? 2 : 0)];
    }
    rows.push(row);
  }
  return rows;
}
