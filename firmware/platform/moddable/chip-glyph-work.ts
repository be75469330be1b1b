import type { GlyphWork } from "../../../hal/glyph-work.ts";

/** Text for the display in C (`hal/native/pico/glyph-work.c`); see `natives.ts` for the form. */
export const glyphWork: GlyphWork = Object.freeze({
  drawText(
    this: unknown,
    picture: Uint8Array,
    width: number,
    columns: Uint8Array,
    text: string,
    x: number,
    y: number,
    scale: number,
    dark: boolean,
  ) {
    return native("xs_latchkey_glyphs_draw_text").call(
      this,
      picture,
      width,
      columns,
      text,
      x,
      y,
      scale,
      dark,
    );
  },
  changedSpan(
    this: unknown,
    drawn: Uint8Array,
    shown: Uint8Array,
    width: number,
    start: number,
    gapMax: number,
  ) {
    return native("xs_latchkey_glyphs_changed_span").call(this, drawn, shown, width, start, gapMax);
  },
  takeSpan(
    this: unknown,
    drawn: Uint8Array,
    shown: Uint8Array,
    width: number,
    page: number,
    first: number,
    last: number,
  ) {
    return native("xs_latchkey_glyphs_take_span").call(
      this,
      drawn,
      shown,
      width,
      page,
      first,
      last,
    );
  },
});
