import type { ErrorCode } from "../../protocol/error-codes.ts";

/** What a running simulation reports, in order. `atMs` is virtual time since the world began. */
export type SimEvent =
  /** The panel shows something else. `lines` were read off its pixels; `frame` is terminal art. */
  | {
      readonly type: "screen";
      readonly atMs: number;
      readonly lines: readonly string[];
      readonly frame: string;
    }
  /** Bytes that the node sent over its console port. */
  | { readonly type: "serial"; readonly atMs: number; readonly text: string }
  | { readonly type: "relay"; readonly atMs: number; readonly energised: boolean }
  | { readonly type: "state"; readonly atMs: number; readonly state: string }
  | {
      readonly type: "badge";
      readonly atMs: number;
      readonly badge: string;
      readonly action: "enters" | "leaves";
    }
  | ({ readonly type: "decision"; readonly atMs: number } & TapOutcome)
  /** Anything else worth a line: a fault set or cleared, power, a server's restart. */
  | { readonly type: "note"; readonly atMs: number; readonly text: string }
  | {
      readonly type: "expect";
      readonly atMs: number;
      /** Of the scenario file, or 0 for an option of the command line. */
      readonly line: number;
      readonly text: string;
      readonly ok: boolean;
      /** What was there instead. */
      readonly seen?: string;
    }
  | {
      readonly type: "screenshot";
      readonly atMs: number;
      readonly path: string;
      readonly png: Uint8Array;
    }
  | ({ readonly type: "result" } & SimResult);

export interface TapOutcome {
  readonly granted: boolean;
  /** The stable code of a refusal. */
  readonly reason?: string;
  readonly holder?: string;
  /** From the badge's arrival in the field to the relay or the refusal, virtual. */
  readonly tookMs: number;
  /** Where the time went, in virtual ms: bus, air, network, crypto … */
  readonly breakdown?: Readonly<Record<string, number>>;
}

export interface SimResult {
  readonly ok: boolean;
  /** Why it is not ok. */
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly seed: string;
  /** Virtual and real duration. */
  readonly atMs: number;
  readonly wallMs: number;
  /** SHA-256 of everything that happened: equal seeds give equal hashes. */
  readonly traceHash: string;
  /** Boot to VERIFIED by cause, in virtual ms. */
  readonly boot?: Readonly<Record<string, number>>;
}
