import { crc32, deflateSync } from "node:zlib";
import { type Bitmap, isLit } from "../display/bitmap.ts";

export interface PngOptions {
  /** Output pixels per panel pixel; 5 unless told, at least 2. */
  readonly scale?: number;
  /** `white` is cold white, `blue` and `yellow-blue` are the other glasses that are sold. */
  readonly glass?: "white" | "blue" | "yellow-blue";
  /** SSD1306 contrast, 0 to 255: brightness of the lit pixels. */
  readonly contrast?: number;
}

type Color = readonly [number, number, number];

const CASE: Color = [38, 43, 51];
const CASE_EDGE: Color = [74, 82, 94];
const GLASS: Color = [4, 6, 9];
const PIXEL_OFF: Color = [9, 13, 18];
const WHITE: Color = [214, 246, 255];
const BLUE: Color = [84, 178, 255];
const YELLOW: Color = [255, 214, 74];
/** The yellow part of two-coloured glass: the upper 16 rows. */
const YELLOW_ROWS = 16;

/** A picture of the panel in its case, as a PNG file. */
export function renderPng(bitmap: Bitmap, options: PngOptions = {}): Uint8Array {
  const { scale = 5, glass = "white", contrast = 255 } = options;
  const margin = 3 * scale;
  const bezel = 5 * scale;
  const border = margin + bezel;
  const width = bitmap.width * scale + 2 * border;
  const height = bitmap.height * scale + 2 * border;
  const image = new Uint8Array(width * height * 3);
  const paint = (x: number, y: number, color: Color): void => image.set(color, (y * width + x) * 3);
  const level = 0.4 + 0.6 * (contrast / 255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inCase = roundedDepth(x, y, width, height, bezel);
      const inGlass = roundedDepth(x - bezel, y - bezel, width - 2 * bezel, height - 2 * bezel, 4);
      if (inCase < 0) paint(x, y, [255, 255, 255]);
      else if (inGlass >= 0) paint(x, y, glassColor(x - border, y - border));
      else paint(x, y, inCase < 1.5 || inGlass > -1.5 ? CASE_EDGE : CASE);
    }
  }
  return encodePng(width, height, image);

  function glassColor(atX: number, atY: number): Color {
    const x = Math.floor(atX / scale);
    const y = Math.floor(atY / scale);
    if (x < 0 || y < 0 || x >= bitmap.width || y >= bitmap.height) return GLASS;
    const upper = y < YELLOW_ROWS;
    const light = glass === "white" ? WHITE : glass === "yellow-blue" && upper ? YELLOW : BLUE;
    // The last line of each cell is the dark gap to its neighbour.
    const gap = atX % scale === scale - 1 || atY % scale === scale - 1;
    if (isLit(bitmap, x, y)) return mix(PIXEL_OFF, light, level * (gap ? 0.45 : 1));
    return mix(gap ? GLASS : PIXEL_OFF, light, 0.035 * level * litNeighbours(bitmap, x, y));
  }
}

/** Light scatters in the glass: a dark pixel beside lit ones is not quite dark. */
function litNeighbours(bitmap: Bitmap, x: number, y: number): number {
  let count = 0;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) if (isLit(bitmap, x + dx, y + dy)) count++;
  }
  return Math.min(count, 4);
}

/** How deep a point lies inside a rounded rectangle; negative outside. */
function roundedDepth(x: number, y: number, width: number, height: number, radius: number): number {
  const dx = Math.min(x, width - 1 - x);
  const dy = Math.min(y, height - 1 - y);
  if (dx >= radius || dy >= radius) return Math.min(dx, dy);
  return radius - Math.hypot(radius - dx, radius - dy);
}

function mix(a: Color, b: Color, t: number): Color {
  const at = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * t);
  return [at(0), at(1), at(2)];
}

/** An 8-bit RGB PNG without interlace (W3C PNG §11.2). */
function encodePng(width: number, height: number, rgb: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const raw = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    raw.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (1 + width * 3) + 1);
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(raw, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
