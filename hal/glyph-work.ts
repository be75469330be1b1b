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
   * First and last index, in one number (first · 65,536 + last), of the first stretch in which
   * two pieces of equal length differ, gaps of up to `gapMax` included; −1 where they are equal.
   */
  changedSpan(
    drawn: Uint8Array,
    shown: Uint8Array,
    start: number,
    length: number,
    gapMax: number,
  ): number;
}

/** None here. An image has `chip-glyph-work.ts` in place of this file. */
export const glyphWork: GlyphWork | undefined = undefined;
