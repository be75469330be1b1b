import type { ErrorCode } from "../../protocol/error-codes.ts";

/** Refusals of somebody who may be trying out invitations, or a person's name. */
export const PERSONS_GUESSES: readonly ErrorCode[] = Object.freeze([
  ...(["invitation-invalid", "statement-invalid"] as const),
]);
