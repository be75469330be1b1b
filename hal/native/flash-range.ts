/**
 * Whether `[offset, offset + length)` lies within a region of `bytes` and both are multiples of
 * `unit`: the twin of `flash-range.h`, which guards the flash in the image.
 */
export function flashRange(bytes: number, offset: number, length: number, unit: number): boolean {
  if (!Number.isInteger(offset) || !Number.isInteger(length)) return false;
  if (offset < 0 || length < 0 || offset + length > bytes) return false;
  return offset % unit === 0 && length % unit === 0;
}
