import type { NamedReadings } from "../../protocol/telemetry/reading.ts";

/** What a node said of one door: the driver `door` names its quantities after the sensor. */
export interface DoorFact {
  readonly name: string;
  readonly open: boolean;
  readonly held: boolean;
  /** `false` also where the node has no lock and cannot know. */
  readonly forced: boolean;
  /** Somebody inside asked to be let out. */
  readonly exit: boolean;
}

/** How a door was the last time. */
export type DoorCondition = Pick<DoorFact, "open" | "held" | "forced">;

export const DOOR_EVENTS = Object.freeze([
  "door-forced",
  "door-held",
  "door-restored",
  "door-exit",
] as const);
export type DoorEvent = (typeof DOOR_EVENTS)[number];

/** Which of them are alarms. */
export const isAlarming = (event: DoorEvent): boolean =>
  event === "door-forced" || event === "door-held";

/** The doors among what a node measured: whatever tells that it is open and whether it is held. */
export function doorFacts(named: NamedReadings = {}): readonly DoorFact[] {
  return Object.keys(named).flatMap((wireName) => {
    if (!wireName.endsWith(".held")) return [];
    const name = wireName.slice(0, -".held".length);
    const is = (quantity: string): boolean => named[`${name}.${quantity}`] === 1;
    if (named[`${name}.open`] === undefined) return [];
    return [{ name, open: is("open"), held: is("held"), forced: is("forced"), exit: is("exit") }];
  });
}

/**
 * What is news in it. A node tells a state, again with each change of any part of it; an event is
 * where it begins.
 */
export function doorEvents(before: DoorCondition | undefined, now: DoorFact): readonly DoorEvent[] {
  const was = before ?? { open: false, held: false, forced: false };
  const events: DoorEvent[] = [];
  if (now.exit) events.push("door-exit");
  if (now.forced && !was.forced) events.push("door-forced");
  if (now.held && !was.held) events.push("door-held");
  const trouble = was.forced || was.held;
  if (trouble && !now.forced && !now.held) events.push("door-restored");
  return events;
}
