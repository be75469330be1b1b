import { byteWork } from "../protocol/encoding/byte-work.ts";
import { ADVANCE, GLYPH_COLUMNS, GLYPH_HEIGHT, GLYPH_WIDTH, glyphColumn } from "./font.ts";
import { glyphWork } from "./glyph-work.ts";

export interface TextStyle {
  /** Whole-number magnification; 1 unless told. 3 fits seven characters across 128 pixels. */
  readonly scale?: number;
  /** Draws dark on light: clears the pixels of the glyphs, leaves the rest. */
  readonly dark?: boolean;
}

/**
 * A picture of one bit per pixel in the layout of the SSD1306's memory: pages of eight rows, one
 * byte per column, bit 0 on top.
 *
 * ```
 *          x →
 * page 0   byte 0 = column 0, rows 0-7 (bit 0 = row 0)   byte 1 = column 1 …
 * page 1   byte `width` …                                rows 8-15
 * ```
 * Drawing outside the picture is cut off, not an error.
 */
export class Framebuffer {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
  readonly #blank: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.bytes = new Uint8Array((width * height) / 8);
    this.#blank = new Uint8Array(this.bytes.length);
  }

  /** By a copy: filling goes byte by byte on the device, at ten times the cost. */
  clear(): void {
    this.bytes.set(this.#blank);
  }

  getPixel(x: number, y: number): boolean {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return false;
    return (this.bytes[(y >> 3) * this.width + x]! & (1 << (y & 7))) !== 0;
  }

  setPixel(x: number, y: number, on = true): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y >> 3) * this.width + x;
    const bit = 1 << (y & 7);
    if (on) this.bytes[at]! |= bit;
    else this.bytes[at]! &= ~bit;
  }

  fillRect(x: number, y: number, width: number, height: number, on = true): void {
    const { bytes, width: pitch } = this;
    const left = Math.max(0, x);
    const right = Math.min(x + width, pitch);
    const bottom = Math.min(y + height, this.height);
    // Page by page, eight rows at once.
    for (let row = Math.max(0, y); row < bottom; ) {
      const end = Math.min(bottom, (row | 7) + 1);
      const bits = (0xff << (row & 7)) & (0xff >> (7 - ((end - 1) & 7))) & 0xff;
      const start = (row >> 3) * pitch;
      if (bits === 0xff && left < right) bytes.fill(on ? bits : 0, start + left, start + right);
      else if (on) for (let at = left; at < right; at++) bytes[start + at]! |= bits;
      else for (let at = left; at < right; at++) bytes[start + at]! &= ~bits;
      row = end;
    }
  }

  /** The outline of a rectangle, one pixel wide. */
  strokeRect(x: number, y: number, width: number, height: number, on = true): void {
    this.fillRect(x, y, width, 1, on);
    this.fillRect(x, y + height - 1, width, 1, on);
    this.fillRect(x, y, 1, height, on);
    this.fillRect(x + width - 1, y, 1, height, on);
  }

  /** One line of text with its top left corner at (x, y). Gives back the x after it. */
  drawText(text: string, x: number, y: number, style: TextStyle = {}): number {
    const { scale = 1, dark = false } = style;
    const { bytes, width } = this;
    if (glyphWork?.drawText(bytes, width, GLYPH_COLUMNS, text, x, y, scale, dark) === true)
      return x + ADVANCE * scale * text.length;
    let left = x;
    for (const char of text) {
      this.#drawGlyph(char.codePointAt(0)!, left, y, scale, !dark);
      left += ADVANCE * scale;
    }
    return left;
  }

  /** The same, centred across the whole width. */
  drawCentred(text: string, y: number, style: TextStyle = {}): void {
    const width = textWidth(text, style.scale);
    this.drawText(text, Math.floor((this.width - width) / 2), y, style);
  }

  #drawGlyph(code: number, x: number, y: number, scale: number, on: boolean): void {
    for (let column = 0; column < GLYPH_WIDTH; column++) {
      const bits = glyphColumn(code, column);
      if (bits === 0) continue;
      const left = x + column * scale;
      if (scale > COLUMN_SCALE_MAX) this.#drawSquares(bits, left, y, scale, on);
      else {
        const tall = scale === 1 ? bits : stretched(bits, scale);
        for (let step = 0; step < scale; step++) this.#drawColumn(tall, left + step, y, on);
      }
    }
  }

  #drawSquares(bits: number, x: number, y: number, scale: number, on: boolean): void {
    for (let row = 0; row < GLYPH_HEIGHT; row++)
      if ((bits & (1 << row)) !== 0) this.fillRect(x, y + row * scale, scale, scale, on);
  }

  /** Up to 24 pixels from (x, y) down, bit 0 on top: eight at once, as they lie in a byte. */
  #drawColumn(pixels: number, x: number, y: number, on: boolean): void {
    const { bytes, width, height } = this;
    if (x < 0 || x >= width) return;
    let rest = y < 0 ? pixels >>> Math.min(-y, 31) : pixels << (y & 7);
    for (let page = Math.max(0, y >> 3); rest !== 0 && 8 * page < height; page++) {
      const at = page * width + x;
      if (on) bytes[at]! |= rest & 0xff;
      else bytes[at]! &= ~rest;
      rest >>>= 8;
    }
  }
}

/** Larger ones would not fit into the 32 bits of {@link Framebuffer} `#drawColumn`. */
const COLUMN_SCALE_MAX = 3;

/** Each pixel of a column `scale` times. */
function stretched(bits: number, scale: number): number {
  const one = (1 << scale) - 1;
  let tall = 0;
  for (let row = 0; row < GLYPH_HEIGHT; row++)
    if ((bits & (1 << row)) !== 0) tall |= one << (row * scale);
  return tall;
}

/** Width of a line in pixels, without the gap after its last character. */
export function textWidth(text: string, scale = 1): number {
  const count = byteWork?.isPrintable(text) === true ? text.length : [...text].length;
  return count === 0 ? 0 : (count * ADVANCE - 1) * scale;
}
