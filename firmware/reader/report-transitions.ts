import type { Effect, Moment, ReaderEvent, ReaderState, Step } from "./machine.ts";

/** Long enough to gather what belongs together and to be out of the way of the next try. */
const REPORT_DELAY_MS = 2_000;
/** Between two check-ins that have denials to report: bounds what a flood of taps can cause. */
const REPORT_GAP_MS = 5_000;

/** How long to wait before the next report of denials. */
export function reportDelayMs({ checkInBeganMs }: ReaderState, { nowMs }: Moment): number {
  const sinceMs = checkInBeganMs === undefined ? REPORT_GAP_MS : nowMs - checkInBeganMs;
  return Math.max(REPORT_DELAY_MS, REPORT_GAP_MS - sinceMs);
}

/**
 * Keeps book of when the next check-in is due, and brings it forward when the reader refused a
 * tap by itself. Never back: in a flood of taps each would put it off, and it would never come.
 */
export function scheduleReport(step: Step, event: ReaderEvent, at: Moment): Step {
  const rang = event.type === "timer" && event.name === "check-in";
  let state: ReaderState = rang ? { ...step.state, checkInAtMs: undefined } : step.state;
  // By index: this runs at every event of a tap.
  const { effects } = step;
  let refused = false;
  for (let i = 0; i < effects.length; i++) {
    const effect = effects[i]!;
    state = booked(state, effect, at.nowMs);
    if (effect.type === "record" && effect.result.local) refused = true;
  }
  // While a check-in is under way, its end looks at what came meanwhile.
  if (!refused || state.checkingIn || state.checkInAtMs === undefined)
    return state === step.state ? step : { state, effects };
  const delayMs = reportDelayMs(state, at);
  const dueMs = at.nowMs + delayMs;
  if (dueMs >= state.checkInAtMs) return { state, effects };
  const sooner: Effect = { type: "timer", name: "check-in", delayMs };
  return { state: { ...state, checkInAtMs: dueMs }, effects: [...effects, sooner] };
}

function booked(state: ReaderState, effect: Effect, nowMs: number): ReaderState {
  if (effect.type === "check-in") return { ...state, checkInBeganMs: nowMs };
  if (effect.type === "timer" && effect.name === "check-in")
    return { ...state, checkInAtMs: nowMs + effect.delayMs };
  return state;
}
