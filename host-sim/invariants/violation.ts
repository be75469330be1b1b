/** What must never break; the names are those of docs/simulator.md. */
export type InvariantName =
  | "relay-needs-grant"
  | "relay-outlives-grant"
  | "relay-without-program"
  | "challenge-once"
  | "sequence-once"
  | "counter-rises"
  | "nonce-once"
  | "one-key"
  | "secret-told"
  | "turn-too-long"
  | "screen-disagrees"
  | "display-protocol"
  | "denial-honest"
  | "tenant-isolation"
  | "audit-broken"
  | "liveness";

/** Ends a run. The message is all that somebody needs who sees it in the log of a CI run. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
  readonly invariant: InvariantName;
  readonly atUs: number;
  readonly seed: string;

  /** The last lines of the trace, oldest first. */
  readonly trace: readonly string[];

  constructor(
    invariant: InvariantName,
    what: string,
    at: { readonly atUs: number; readonly seed: string; readonly command: string },
    trace: readonly string[],
  ) {
    const time = (at.atUs / 1e6).toFixed(6);
    super(`${invariant}: ${what}\n  at ${time} s, seed ${at.seed}\n  again: ${at.command}`);
    this.invariant = invariant;
    this.atUs = at.atUs;
    this.seed = at.seed;
    this.trace = trace;
  }
}

/** Notes a violation; the run ends when the turn does, so that no handler can swallow it. */
export type Report = (invariant: InvariantName, what: string) => void;
