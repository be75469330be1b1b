import { malformed } from "../../protocol/errors.ts";
import { CREDENTIAL_TYPES, fitsKind } from "../../protocol/human/credential/types.ts";
import type { CredentialOrder } from "../human/humans.ts";

const DAY_SECONDS = 86_400;

/** An invitation: who may come where on which day. */
export interface VisitOrder {
  readonly tenantId: string;
  readonly zone: string;
  /** `2026-11-28`, by the clock of the zone's place. */
  readonly day: string;
  /** The visitor's key, 65 bytes. */
  readonly holderKey: Uint8Array;
  /** Names, which the visitor may keep back. */
  readonly visitor?: string;
  readonly host?: string;
}

/** The credential of an invitation, to be issued now. @throws malformed (`day`) */
export function visitCredential(
  { tenantId, zone, day, holderKey, visitor, host }: VisitOrder,
  nowUnix: number,
): CredentialOrder {
  const dayUnix = Date.parse(`${day}T00:00:00Z`) / 1000;
  if (!fitsKind(day, "date") || !Number.isFinite(dayUnix)) throw malformed("day", "not a date");
  const today = nowUnix - (nowUnix % DAY_SECONDS);
  // A day more: where the sun is behind, it is still that day when it is over here.
  const lifetimeDays = (dayUnix - today) / DAY_SECONDS + 1;
  if (lifetimeDays < 0) throw malformed("day", "is over");
  const names = { ...(visitor !== undefined && { visitor }), ...(host !== undefined && { host }) };
  const claims = { tenant: tenantId, zone, valid_on: day, ...names };
  return {
    type: CREDENTIAL_TYPES.doorVisitor,
    persona: "anonymous",
    claims,
    holderKey,
    lifetimeDays,
  };
}
