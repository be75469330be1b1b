import type { Framebuffer } from "../../hal/framebuffer.ts";
import type { QrCode } from "../qr-code.ts";
import type { Screen } from "./screens.ts";

/** Rows that begin on a page of the panel: text there changes as few bytes as possible. */
const TITLE_Y = 16;
const LINES_Y = 40;
const LINE_STEP = 8;

/** Between the QR code and the text beside it. */
const KEY_GAP = 4;

/** The largest magnification that fits: 7 characters at 3, 10 at 2, 21 at 1. */
export function titleScale(title: string): 1 | 2 | 3 {
  if (title.length <= 7) return 3;
  return title.length <= 10 ? 2 : 1;
}

/** Draws a screen into a 128×64 picture. */
export function drawScreen(picture: Framebuffer, screen: Screen): void {
  picture.clear();
  if (screen.qr !== undefined) {
    drawKey(picture, screen, screen.qr);
    return;
  }
  picture.drawText(screen.left, 0, 0);
  picture.drawText(screen.right, picture.width - 6 * screen.right.length, 0);
  const scale = titleScale(screen.title);
  picture.drawCentred(screen.title, scale === 1 ? TITLE_Y + 8 : TITLE_Y, { scale });
  // By index: this runs while a badge waits, and an iterator makes an object for each line.
  const { lines } = screen;
  for (let i = 0; i < lines.length; i++)
    if (lines[i] !== "") picture.drawCentred(lines[i]!, LINES_Y + i * LINE_STEP);
}

/** Pixels of a module: one is too small for a telephone's camera. */
const MODULE = 2;

/** The code on the left half, lit all around: what a camera takes for paper. Text beside it. */
function drawKey(picture: Framebuffer, screen: Screen, { size, modules }: QrCode): void {
  const side = picture.height;
  const edge = Math.floor((side - MODULE * size) / 2);
  picture.fillRect(0, 0, side, side);
  for (const [index, dark] of modules.entries()) {
    if (!dark) continue;
    const x = edge + MODULE * (index % size);
    picture.fillRect(x, edge + MODULE * Math.floor(index / size), MODULE, MODULE, false);
  }
  const rows = [screen.left, screen.title, "", ...screen.lines];
  for (const [row, text] of rows.entries()) picture.drawText(text, side + KEY_GAP, 8 * row);
}
