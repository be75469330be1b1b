import type { ErrorCode } from "../error-codes.ts";
import type { RegisterStatus } from "./registration.ts";

/** What a node reports while it works, for screens and logs. Nothing secret is in it. */
export type IdentityEvent =
  | { readonly type: "key-created" }
  /** The server knows the node by its new key; the old one is worthless. */
  | { readonly type: "key-rotated" }
  /** The key stays the old one for now; the next check-in tries again. */
  | { readonly type: "rotation-failed"; readonly code: ErrorCode }
  | { readonly type: "registered"; readonly status: RegisterStatus; readonly nodeUid: string }
  | { readonly type: "time"; readonly unix: number }
  /** A genuine challenge has come and is being answered. */
  | { readonly type: "challenge" }
  /** The first session is open. */
  | { readonly type: "verified"; readonly sid: string; readonly expiresInSeconds: number }
  /** A further session is open, or the token of the current one was renewed. */
  | { readonly type: "renewed"; readonly sid: string; readonly expiresInSeconds: number }
  /** Renewal in the background failed; it is tried again after `delayMs`. */
  | { readonly type: "renewal-failed"; readonly code: ErrorCode; readonly delayMs: number }
  /** The server does not take the session any more. */
  | { readonly type: "session-lost"; readonly code: ErrorCode }
  /** A request failed and is tried again after `delayMs`. */
  | {
      readonly type: "retry";
      readonly code: ErrorCode;
      readonly attempt: number;
      readonly delayMs: number;
    };

export type IdentityListener = (event: IdentityEvent) => void;
