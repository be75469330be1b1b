import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { RegisterStatus } from "../../protocol/node/registration.ts";

/**
 * The words of the reader's state machine: states, events and effects. Nothing here does
 * anything; `transition.ts` maps (state, event) to (state, effects), `reader.ts` runs effects.
 *
 * ```
 *  boot → network → registering → registered → challenge → verified → active
 *                        └─► pending ─┘ (asks again)                    │
 *     ┌───────────────────────────────────────────────────────────────◄─┘
 *     ▼       card           read, challenge held        sealed answer, in time
 *   ready ─────────► reading ─────────────────► checking ────────────────► granted
 *     ▲                 └───────────────┬──────────┘                          │
 *     │                              denied ◄── anything else                 │
 *     └─────────────────────────────────┴─────────────────────────────────────┘
 *  every stage ── failure ──► error (keeps trying; goes on where it failed)
 * ```
 */
export const STAGES = Object.freeze([
  "boot",
  "network",
  "registering",
  "registered",
  "pending",
  "challenge",
  "verified",
  "active",
  "ready",
  "reading",
  "checking",
  "granted",
  "denied",
  "error",
] as const);
export type Stage = (typeof STAGES)[number];

/** Where a failure is repaired: what is tried again. */
export type FaultAt = "network" | "registering" | "registered" | "active" | "nfc";

export interface Fault {
  readonly at: FaultAt;
  readonly code: ErrorCode;
  /** When it is tried again; `undefined` while an attempt is under way. */
  readonly retryAtMs: number | undefined;
}

export interface HeldChallenge {
  readonly id: string;
  /** Monotonic time after which it is not used any more. */
  readonly expiresAtMs: number;
}

export interface Tap {
  readonly id: number;
  /** The chip's UID, hexadecimal. */
  readonly badge: string;
  readonly startedMs: number;
  /** When the badge was read; `undefined` while it is being read. */
  readonly readMs: number | undefined;
  /** When the server was asked, and with which challenge. */
  readonly askedMs: number | undefined;
  readonly challenge: HeldChallenge | undefined;
  /** The badge has to stay while the server is asked, which talks to its chip. */
  readonly sealed: boolean;
}

/** How a tap ended. */
export interface TapResult {
  readonly granted: boolean;
  /** An error code, or a reason of the server's that this firmware does not know. */
  readonly reason: string;
  readonly holder: string | undefined;
  /** Whether the server decided; if not, the same badge may try again at once. */
  readonly decided: boolean;
  /** Whether the reader refused by itself, so that the server must be told. */
  readonly local: boolean;
  readonly endedMs: number;
  readonly tap: Tap;
}

export interface ReaderState {
  readonly stage: Stage;
  /** When the stage was entered, monotonic ms. */
  readonly sinceMs: number;
  readonly registration: RegisterStatus | undefined;
  readonly nfc: "starting" | "up" | "fault";
  /** Code of the last fault of the reader hardware; says something while `nfc` is `fault`. */
  readonly nfcError: ErrorCode;
  /** Present exactly in stage `error`. */
  readonly fault: Fault | undefined;
  /** Attempts that failed one after the other, for the back-off. */
  readonly failures: number;
  /** Code of the last failed attempt to reach the server, until one succeeds. */
  readonly linkError: ErrorCode | undefined;
  readonly held: HeldChallenge | undefined;
  readonly fetching: boolean;
  readonly checkingIn: boolean;
  /** When the timer for the next check-in is due; `undefined` when it does not run. */
  readonly checkInAtMs: number | undefined;
  /** When the last check-in began. */
  readonly checkInBeganMs: number | undefined;
  /** Present exactly in stages `reading` and `checking`. */
  readonly tap: Tap | undefined;
  /** Present exactly in stages `granted` and `denied`. */
  readonly result: TapResult | undefined;
  readonly lastTapId: number;
}

export type TimerName = "retry" | "refresh" | "tap" | "result" | "check-in";
export type Operation =
  | "network"
  | "registering"
  | "authenticating"
  | "check-in"
  | "badge-challenge";

export type ReaderEvent =
  | { readonly type: "start" }
  | { readonly type: "joined" }
  | { readonly type: "registered"; readonly status: RegisterStatus }
  /** A genuine challenge came and is being answered. */
  | { readonly type: "challenged" }
  | { readonly type: "authenticated" }
  /** `denialsWait` when there is more to report than it could take. */
  | { readonly type: "checked-in"; readonly denialsWait?: boolean }
  | { readonly type: "failed"; readonly operation: Operation; readonly code: ErrorCode }
  | { readonly type: "nfc-up" }
  | { readonly type: "nfc-down"; readonly code: ErrorCode }
  | { readonly type: "badge-challenge"; readonly challenge: HeldChallenge }
  | { readonly type: "card"; readonly badge: string }
  /** More than one card in the field. */
  | { readonly type: "several" }
  | { readonly type: "card-read"; readonly tapId: number; readonly sealed: boolean }
  /** `spent` says whether the challenge may have reached the server. */
  | {
      readonly type: "tap-failed";
      readonly tapId: number;
      readonly code: ErrorCode;
      readonly spent: boolean;
    }
  /** The sealed answer about a visitor who has answered the request on the display. */
  | {
      readonly type: "visit";
      readonly requestId: string;
      readonly askedMs: number;
      readonly challengeId: string;
      readonly granted: boolean;
      readonly relayMs: number;
      readonly reason: string;
      readonly holder?: string | undefined;
    }
  /** The sealed answer, as it was opened. It is not believed until `transition` checked it. */
  | {
      readonly type: "decision";
      readonly tapId: number;
      readonly challengeId: string;
      readonly granted: boolean;
      readonly relayMs: number;
      readonly reason: string;
      readonly holder?: string | undefined;
    }
  | { readonly type: "timer"; readonly name: TimerName };

export type Feedback = "ready" | "busy" | "granted" | "denied" | "error";

export type Effect =
  /** The only effect that opens the door. */
  | { readonly type: "energise"; readonly durationMs: number }
  | { readonly type: "open-hardware" }
  | { readonly type: "join" }
  | { readonly type: "register" }
  | { readonly type: "authenticate" }
  | { readonly type: "check-in" }
  | { readonly type: "fetch-challenge" }
  /** Begin to look for cards; harmless when it runs already. */
  | { readonly type: "watch-cards" }
  | { readonly type: "read-card"; readonly tapId: number }
  | { readonly type: "verify"; readonly tapId: number; readonly challengeId: string }
  | { readonly type: "record"; readonly result: TapResult }
  | { readonly type: "feedback"; readonly feedback: Feedback }
  /** Starts the timer of that name anew. */
  | { readonly type: "timer"; readonly name: TimerName; readonly delayMs: number };

/** The numbers that decide; all from the configuration. */
export interface Policy {
  readonly decisionTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly relayMaxMs: number;
  readonly resultMs: number;
  readonly checkinIntervalMs: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

/** When an event happened, and a fresh random number from 0 to below 1 for the jitter. */
export interface Moment {
  readonly nowMs: number;
  readonly random: number;
}

export interface Step {
  readonly state: ReaderState;
  readonly effects: readonly Effect[];
}

export function initialState(nowMs: number): ReaderState {
  return {
    stage: "boot",
    sinceMs: nowMs,
    registration: undefined,
    nfc: "starting",
    nfcError: "pn532-dead",
    fault: undefined,
    failures: 0,
    linkError: undefined,
    held: undefined,
    fetching: false,
    checkingIn: false,
    checkInAtMs: undefined,
    checkInBeganMs: undefined,
    tap: undefined,
    result: undefined,
    lastTapId: 0,
  };
}
