import type { Timer } from "../../../protocol/platform.ts";

/** `timer` of the SDK, as far as it is used. */
export interface ModdableTimer {
  set(callback: () => void, delayMs: number): object;
  clear(id: object): void;
}

/** Longer ones are cut into pieces: the SDK counts in 32 bits with sign. */
const PIECE_MS = 2 ** 30;

/** A timer in flight. Emptied when it fires: the SDK throws when a dead one is cleared. */
class Alarm {
  id: object | undefined;
}

/** The SDK's timers with the promises of `Timer`: never early, and clearing never throws. */
export function moddableTimer(timers: ModdableTimer): Timer {
  const arm = (alarm: Alarm, callback: () => void, leftMs: number): void => {
    const laterMs = leftMs - PIECE_MS;
    const pieceMs = laterMs > 0 ? PIECE_MS : leftMs;
    // It counts whole milliseconds, the one that has begun included.
    const wholeMs = pieceMs | 0;
    const delayMs = wholeMs < pieceMs ? wholeMs + 2 : wholeMs + 1;
    alarm.id = timers.set(() => {
      alarm.id = undefined;
      if (laterMs > 0) arm(alarm, callback, laterMs);
      else callback();
    }, delayMs);
  };
  return {
    set(callback, delayMs) {
      const alarm = new Alarm();
      arm(alarm, callback, Math.max(0, delayMs));
      return alarm;
    },
    clear(handle) {
      if (!(handle instanceof Alarm) || handle.id === undefined) return;
      timers.clear(handle.id);
      handle.id = undefined;
    },
  };
}
