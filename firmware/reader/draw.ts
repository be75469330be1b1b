import type { Framebuffer } from "../../hal/framebuffer.ts";
import type { Screen } from "./screens.ts";

/** Rows that begin on a page of the panel: text there changes as few bytes as possible. */
const TITLE_Y = 16;
const LINES_Y = 40;
const LINE_STEP = 8;

/** The largest magnification that fits: 7 characters at 3, 10 at 2, 21 at 1. */
export function titleScale(title: string): 1 | 2 | 3 {
  if (title.length <= 7) return 3;
  return title.length <= 10 ? 2 : 1;
}

/** Draws a screen into a 128×64 picture. */
export function drawScreen(picture: Framebuffer, screen: Screen): void {
  picture.clear();
  picture.drawText(screen.left, 0, 0);
  picture.drawText(screen.right, picture.width - 6 * screen.right.length, 0);
  const scale = titleScale(screen.title);
  picture.drawCentred(screen.title, scale === 1 ? TITLE_Y + 8 : TITLE_Y, { scale });
  for (const [index, line] of screen.lines.entries())
    picture.drawCentred(line, LINES_Y + index * LINE_STEP);
}
