import type { Flash } from "../platform.ts";
import { FlashRegion } from "./flash-region.ts";

/** What a node keeps where. */
export interface FlashLayout {
  /** Keys and settings. */
  readonly values: Flash;
  /** Readings and taps that wait for their upload. */
  readonly events: Flash;
}

/** 33 pages for values, with the two spare sectors; a node uses a handful. */
const VALUE_SECTORS = 6;

/** Divides a node's flash. The values come first, so that more flash later moves nothing. */
export function layOutFlash(flash: Flash): FlashLayout {
  const valueBytes = VALUE_SECTORS * flash.sectorBytes;
  return {
    values: new FlashRegion(flash, 0, valueBytes),
    events: new FlashRegion(flash, valueBytes, flash.sizeBytes - valueBytes),
  };
}
