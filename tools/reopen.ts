import { LatchkeyError } from "../protocol/errors.ts";
import type { Context } from "./cli/context.ts";

/** The first pause, and the longest: a node that restarts is back on USB within a second or two. */
const PAUSE_FIRST_MS = 250;
const PAUSE_LONGEST_MS = 4_000;

/** Resolves after `ms`, or when the command is interrupted. */
export function pause({ timer, interrupted }: Pick<Context, "timer" | "interrupted">, ms: number) {
  return new Promise<void>((resolve) => {
    if (interrupted.aborted) return resolve();
    const handle = timer.set(end, ms);
    function end(): void {
      interrupted.removeEventListener("abort", end);
      timer.clear(handle);
      resolve();
    }
    interrupted.addEventListener("abort", end, { once: true });
  });
}

/**
 * Opens a port that is away until it is back, with pauses that double up to four seconds.
 * `undefined` when the command was interrupted, or `limitMs` is over.
 */
export async function reopen<T>(
  context: Pick<Context, "timer" | "interrupted">,
  open: () => Promise<T>,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<T | undefined> {
  let waitedMs = 0;
  for (let pauseMs = PAUSE_FIRST_MS; waitedMs < limitMs; ) {
    await pause(context, pauseMs);
    waitedMs += pauseMs;
    if (context.interrupted.aborted) return undefined;
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error;
    }
    pauseMs = Math.min(2 * pauseMs, PAUSE_LONGEST_MS);
  }
  return undefined;
}
