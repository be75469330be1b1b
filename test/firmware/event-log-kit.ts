import { EventLog, type LoggedDrop, type LoggedEvent } from "../../firmware/journal/event-log.ts";
import type { Flash } from "../../firmware/platform.ts";
import { lcg } from "./strict-flash.ts";

export const ALL = Object.freeze({ eventsMax: 100_000, bytesMax: 100_000_000 });

export function bytesOf(length: number, seed: number): Uint8Array {
  const next = lcg(seed);
  return Uint8Array.from({ length }, () => next() & 0xff);
}

export function fixedRandom(seed: number): { bytes(length: number): Uint8Array } {
  const next = lcg(seed);
  return { bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff) };
}

export function open(flash: Flash, seed = 1): EventLog {
  return new EventLog(flash, { random: fixedRandom(seed) });
}

export function numbersIn(log: EventLog): number[] {
  return log.pending(ALL).map(({ sequence }) => sequence);
}

export function isDrop(event: LoggedEvent | LoggedDrop): event is LoggedDrop {
  return "dropped" in event;
}

export function dropsIn(log: EventLog): LoggedDrop[] {
  return log.pending(ALL).filter(isDrop);
}
