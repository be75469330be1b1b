import { malformed } from "../errors.ts";
import type { LeaseRange } from "./lease-store.ts";

/** @throws malformed unless a range is of integers, not empty, and below `capacity` */
export function checkRange({ first, end }: LeaseRange, capacity: number): LeaseRange {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(end) || first < 0 || first >= end)
    throw malformed("range", "not a range of unsigned integers");
  if (end > capacity) throw malformed("range", `ends after ${capacity}`);
  return { first, end };
}

export interface Partition {
  readonly devices: number;
  /** From 0. */
  readonly device: number;
  readonly capacity: number;
}

/**
 * The range of one of several devices that hold one key: equal parts, the last device takes what
 * is left. @throws malformed
 */
export function partition({ devices, device, capacity }: Partition): LeaseRange {
  if (!Number.isSafeInteger(devices) || devices < 1 || devices > capacity)
    throw malformed("devices", `not an integer from 1 to ${capacity}`);
  if (!Number.isSafeInteger(device) || device < 0 || device >= devices)
    throw malformed("device", `not an integer from 0 to ${devices - 1}`);
  const each = Math.floor(capacity / devices);
  const first = device * each;
  return { first, end: device === devices - 1 ? capacity : first + each };
}

export function overlaps(a: LeaseRange, b: LeaseRange): boolean {
  return a.first < b.end && b.first < a.end;
}
