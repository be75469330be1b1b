import type { RegisterStatus } from "./registration.ts";

export interface CallOptions {
  /** How long one request may take; the retry policy's limit when absent. */
  readonly timeoutMs?: number;
  /**
   * Whether to send again after a failure of the network. The server may then see the request
   * twice: only for what may happen twice. Not needed for a lost session.
   */
  readonly retry?: boolean;
}

/** What a node can say about itself at any moment. */
export interface IdentityState {
  readonly nodePk: Uint8Array | undefined;
  readonly nodeUid: string | undefined;
  /** What the last registration said, in this run or before it; `undefined` as long as none did. */
  readonly status: RegisterStatus | undefined;
  /** Work that the server has for the node, such as `update`. */
  readonly next: readonly string[];
  /** The current session, if it can be used. */
  readonly session:
    | { readonly sid: string; readonly ageMs: number; readonly tokenExpiresInMs: number }
    | undefined;
}
