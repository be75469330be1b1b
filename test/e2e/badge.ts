import type { BadgeKind, ScenarioBadge } from "../../host-sim/scenario/scenario.ts";

/** A badge of a kind, STD and somebody's unless told. */
export function badge(kind: BadgeKind, rest: Partial<ScenarioBadge> = {}): ScenarioBadge {
  return { kind, mode: "STD", holder: "Somebody", ...rest };
}
