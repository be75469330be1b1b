import type { Random } from "../../protocol/platform.ts";
import type { Moment } from "./machine.ts";

/** A moment whose random number is drawn only if somebody looks at it. */
export function momentAt(nowMs: number, random: Random): Moment {
  return {
    nowMs,
    get random() {
      try {
        const [a, b] = random.bytes(2);
        return (a! * 256 + b!) / 65_536;
      } catch {
        // Jitter is a courtesy; a broken source stops the boot elsewhere, with its own screen.
        return 0.5;
      }
    },
  };
}
