import type { ErrorCode } from "../error-codes.ts";
import { isLatchkeyError, type LatchkeyError } from "../errors.ts";

const SESSION_LOST: readonly ErrorCode[] = Object.freeze([
  "session-unknown",
  "session-ended",
  "token-expired",
  "token-invalid",
  "unauthenticated",
  "sequence-exhausted",
] as const);

const NODE_FORGOTTEN: readonly ErrorCode[] = Object.freeze([
  "node-unknown",
  "signature-invalid",
] as const);

/** The request was not carried out because the session is gone: a new one can carry it. */
export function isSessionLost(error: unknown): error is LatchkeyError {
  return isLatchkeyError(error) && SESSION_LOST.includes(error.code);
}

/**
 * The server may have lost its memory of this node, and registering again may help. A server
 * does not tell strangers that it does not know a node: it finds fault with the signature.
 */
export function isNodeForgotten(error: unknown): error is LatchkeyError {
  return isLatchkeyError(error) && NODE_FORGOTTEN.includes(error.code);
}

/**
 * Somebody answers, and does not let this node in: `registration-refused`, `enrol-token-invalid`,
 * `node-exists`, `node-revoked` and the like.
 */
export function isRegistrationRefused(error: unknown): error is LatchkeyError {
  return isLatchkeyError(error) && /^(node|registration|enrol)-/.test(error.code);
}
