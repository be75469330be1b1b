import { flashRange } from "../../../hal/native/flash-range.ts";
import type { NativeFlash } from "../../../hal/native/natives.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { Flash } from "../../platform.ts";

/** RP2350 boards carry QSPI flash with these units (W25Q and alike). */
const SECTOR_BYTES = 4096;
const PAGE_BYTES = 256;

/** A region of the image's flash as the firmware sees it. C checks every bound once more. */
export function regionFlash(natives: NativeFlash, region: number): Flash {
  const sizeBytes = natives.bytes(region);
  const guarded = <T>(offset: number, length: number, unit: number, work: () => T): T => {
    if (!flashRange(sizeBytes, offset, length, unit)) throw outside(sizeBytes, offset, length);
    try {
      return work();
    } catch (cause) {
      throw new LatchkeyError("storage-failed", { cause });
    }
  };
  return Object.freeze({
    sizeBytes,
    sectorBytes: SECTOR_BYTES,
    pageBytes: PAGE_BYTES,
    // These two are called a hundred times at a start, and looking cannot fail.
    read(offset: number, length: number) {
      if (!isInside(sizeBytes, offset, length)) throw outside(sizeBytes, offset, length);
      return new Uint8Array(natives.read(region, offset, length));
    },
    isErased(offset: number, length: number) {
      if (!isInside(sizeBytes, offset, length)) throw outside(sizeBytes, offset, length);
      return natives.isErased(region, offset, length);
    },
    erase: (offset: number) =>
      guarded(offset, SECTOR_BYTES, SECTOR_BYTES, () => natives.erase(region, offset)),
    program: (offset: number, data: Uint8Array) =>
      guarded(offset, data.length, PAGE_BYTES, () => natives.program(region, offset, data)),
  });
}

/** `flashRange` for single bytes, without a call of the engine. */
function isInside(sizeBytes: number, offset: number, length: number): boolean {
  const whole = (offset | 0) === offset && (length | 0) === length;
  return whole && offset >= 0 && length >= 0 && offset + length <= sizeBytes;
}

function outside(sizeBytes: number, offset: number, length: number): RangeError {
  return new RangeError(`flash: ${length} bytes at ${offset} of ${sizeBytes}`);
}
