import type { Measured } from "./sensor-driver.ts";
import type { QuantityFilter, SensorPlan } from "./sensor-plan.ts";

export type Verdict = "quiet" | "tell" | "urgent";

type Side = "above" | "below" | "between";

/**
 * Whether a reading of one sensor is worth telling. Without any `delta`, each is; with one, those
 * in which a value with a `delta` moved that far, or `motion` changed, and one in each heartbeat.
 * A threshold that is crossed, either way, is urgent.
 */
export class ReportRule {
  readonly #plan: SensorPlan;
  readonly #sides = new Map<string, Side>();
  #told: { readonly values: Measured; readonly atMs: number } | undefined;

  constructor(plan: SensorPlan) {
    this.#plan = plan;
  }

  judge(values: Measured, nowMs: number): Verdict {
    if (this.#crosses(values) || this.#flips(values)) return "urgent";
    const told = this.#told;
    if (told === undefined || nowMs - told.atMs >= this.#plan.heartbeatMs) return "tell";
    const deltas = [...this.#plan.filters].filter(([, filter]) => filter.delta !== undefined);
    if (deltas.length === 0) return "tell";
    return deltas.some(([quantity, filter]) => moved(quantity, filter, values, told.values))
      ? "tell"
      : "quiet";
  }

  /** What in it must not be lost; see `SensorDriver`. */
  eventIn(values: Measured): string | undefined {
    return this.#plan.eventOf?.(values, this.#told?.values);
  }

  /** The reading is in a record that will not be lost. */
  told(values: Measured, nowMs: number): void {
    this.#told = { values, atMs: nowMs };
    for (const [quantity, filter] of this.#plan.filters) {
      const value = values[quantity];
      if (typeof value === "number")
        this.#sides.set(quantity, sideOf(value, filter, this.#sides.get(quantity)));
    }
  }

  #crosses(values: Measured): boolean {
    for (const [quantity, filter] of this.#plan.filters) {
      const value = values[quantity];
      if (typeof value !== "number") continue;
      const before = this.#sides.get(quantity);
      const side = sideOf(value, filter, before);
      if (side !== (before ?? "between")) return true;
    }
    return false;
  }

  /** Something that is or is not: that it changed is what one wants to know. */
  #flips(values: Measured): boolean {
    return Object.entries(values).some(([quantity, value]) => {
      const before = this.#told?.values[quantity];
      return typeof value === "boolean" && value !== (before ?? false);
    });
  }
}

/** A value that was outside is inside again when it is so by `delta`: no flutter at the edge. */
function sideOf(value: number, filter: QuantityFilter, before: Side | undefined): Side {
  const { above, below, delta = 0 } = filter;
  const slackAbove = before === "above" ? delta : 0;
  const slackBelow = before === "below" ? delta : 0;
  if (above !== undefined && value > above - slackAbove) return "above";
  if (below !== undefined && value < below + slackBelow) return "below";
  return "between";
}

function moved(
  quantity: string,
  { delta = 0 }: QuantityFilter,
  now: Measured,
  told: Measured,
): boolean {
  const [a, b] = [now[quantity], told[quantity]];
  if (typeof a !== "number" || typeof b !== "number") return a !== b;
  return Math.abs(a - b) >= delta;
}
