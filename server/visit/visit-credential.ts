import { LatchkeyError } from "../../protocol/errors.ts";
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

/** The credential of an invitation, to be issued now. @throws credential-date-invalid */
export function visitCredential(
  { tenantId, zone, day, holderKey, visitor, host }: VisitOrder,
  nowUnix: number,
): CredentialOrder {
  const dayUnix = Date.parse(`${day}T00:00:00Z`) / 1000;
  const wrong = (message: string) =>
    new LatchkeyError("credential-date-invalid", { message, detail: { claim: "valid_on" } });
  // A 30th of February is read as a day of March.
  const isDay =
    fitsKind(day, "date") &&
    Number.isFinite(dayUnix) &&
    new Date(dayUnix * 1000).toISOString().startsWith(day);
  if (!isDay) throw wrong("Not a day.");
  const today = nowUnix - (nowUnix % DAY_SECONDS);
  // A day more: where the sun is behind, it is still that day when it is over here.
  const lifetimeDays = (dayUnix - today) / DAY_SECONDS + 1;
  if (lifetimeDays < 0) throw wrong("The day is over.");
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
