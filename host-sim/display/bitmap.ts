/** What a panel shows: one byte per pixel, 0 dark or 1 lit, row by row from the top left. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Whether a pixel is lit; outside of the panel nothing is. */
export function isLit(bitmap: Bitmap, x: number, y: number): boolean {
  if (x < 0 || y < 0 || x >= bitmap.width || y >= bitmap.height) return false;
  return bitmap.pixels[y * bitmap.width + x] === 1;
}
