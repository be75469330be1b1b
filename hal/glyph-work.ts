/** Text drawn in another language; see `protocol/encoding/byte-work.ts` for the pattern. */
export interface GlyphWork {
  /**
   * Draws printable ASCII as `Framebuffer.drawText` does, at `scale` 1 to 3. `columns` is the
   * font: five bytes for each character from the space on. False, with nothing drawn, for any
   * other text.
   */
  drawText(
    picture: Uint8Array,
    width: number,
    columns: Uint8Array,
    text: string,
    x: number,
    y: number,
    scale: number,
    dark: boolean,
  ): boolean;
  /**
   * The first stretch in which two pictures of pages of `width` bytes differ, looked for from page
   * `start` on and all around, gaps of up to `gapMax` included: page · 65,536 + first column · 256 +
   * last column; −1 where they are equal.
   */
  changedSpan(
    drawn: Uint8Array,
    shown: Uint8Array,
    width: number,
    start: number,
    gapMax: number,
  ): number;
  /** As `takeSpan` in `ssd1306.ts`. */
  takeSpan(
    drawn: Uint8Array,
    shown: Uint8Array,
    width: number,
    page: number,
    first: number,
    last: number,
  ): ArrayBuffer;
}

/** None here. An image has `chip-glyph-work.ts` in place of this file. */
export const glyphWork: GlyphWork | undefined = undefined;
