/** Which way a reader lets: into its zone, or out of it. */
export type Direction = "in" | "out";

/**
 * Against one badge for two people. Both kinds may be asked for at once.
 * An area counts where people are: in before out, out before in. Timed needs no reader at the
 * exit: after coming in, nobody comes in again for that long.
 */
export interface PassbackRule {
  readonly area: boolean;
  /** Absent: not timed. */
  readonly seconds?: number;
  /** Soft lets pass, and raises an alarm. */
  readonly soft: boolean;
}

/** Where somebody was last, as far as a zone's readers know. */
export interface Presence {
  readonly inside: boolean;
  /** Unix seconds; of coming in. */
  readonly cameAt: number | undefined;
}

export type PassbackViolation = "inside-already" | "outside-already" | "too-soon";

/**
 * What a passage has against it. Whoever was never seen passes either way: a zone that gets the
 * rule today has people in it, and a manager who forgives makes somebody never seen.
 */
export function passbackViolation(
  { area, seconds }: PassbackRule,
  presence: Presence | undefined,
  direction: Direction,
  at: number,
): PassbackViolation | undefined {
  if (presence === undefined) return undefined;
  const isIn = direction === "in";
  if (area && presence.inside === isIn) return isIn ? "inside-already" : "outside-already";
  // A clock that was set back makes it longer, not shorter.
  const cameAt = presence.cameAt;
  const timed = isIn && seconds !== undefined && cameAt !== undefined;
  return timed && at < cameAt + seconds ? "too-soon" : undefined;
}

/** Where somebody is after passing. */
export function passed(presence: Presence | undefined, direction: Direction, at: number): Presence {
  if (direction === "in") return { inside: true, cameAt: at };
  return { inside: false, cameAt: presence?.cameAt };
}

/** Who wants to pass where, as the last word over a grant has to know it. */
export interface PassageQuestion {
  readonly zone: string;
  /** `person:…`, or `badge:…` for a badge of nobody. */
  readonly subject: string;
  readonly direction: Direction;
  /** Unix seconds. */
  readonly at: number;
  readonly passback?: PassbackRule;
  /** Where somebody has to open the zone first: the day there, and whether this is somebody. */
  readonly firstPerson?: { readonly day: string; readonly opens: boolean };
}

export type PassageObstacle = "passback" | "first-person-missing";

export interface PassageVerdict {
  readonly obstacle?: PassageObstacle;
  /** What was violated, also where a soft rule lets pass. */
  readonly violation?: PassbackViolation;
  /** To be stored; absent where the zone does not ask. */
  readonly presence?: Presence;
  /** The day for which the zone is open to all now; to be stored. */
  readonly opened?: string;
}

/**
 * The last word over a grant, from what is stored at that moment; whoever asks holds the rows.
 * Nothing is to be stored when there is an obstacle.
 * @param openedOn the day for which the zone was opened last
 */
export function judgePassage(
  { direction, at, passback, firstPerson }: PassageQuestion,
  presence: Presence | undefined,
  openedOn: string | undefined,
): PassageVerdict {
  const mustWait = firstPerson !== undefined && direction === "in" && !firstPerson.opens;
  if (mustWait && openedOn !== firstPerson.day) return { obstacle: "first-person-missing" };
  const violation = passback && passbackViolation(passback, presence, direction, at);
  if (violation !== undefined && !passback?.soft) return { obstacle: "passback", violation };
  const opens = firstPerson !== undefined && direction === "in" && firstPerson.opens;
  return {
    ...(violation !== undefined && { violation }),
    ...(passback !== undefined && { presence: passed(presence, direction, at) }),
    ...(opens && { opened: firstPerson.day }),
  };
}
