import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { newToken, tokenHash } from "../issued-token.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { RegistryContext } from "./person.ts";

/** Invitations of a tenant that are open at a time; a newer one ends the oldest. */
const OPEN_MAX = 1000;
/** In whose name the tenant's are kept; no node is called so. */
const OWNER = "people";

/** Who invites, and for how long; both stay in the audit log. */
export interface InvitationOrder {
  readonly by: string;
  readonly ttlSeconds: number;
}

function idOf(context: RegistryContext, token: string): string {
  return toHex(tokenHash(context, token));
}

/**
 * A token with which one person, whoever it will be, enrols a root; its hash is kept, where what is
 * passing is kept: a restart may end it.
 * @throws unavailable
 */
export async function invitePerson(
  context: RegistryContext,
  tenantId: string,
  { by, ttlSeconds }: InvitationOrder,
): Promise<string> {
  const { clock, ephemera, records } = context;
  const { token, hash } = newToken(context, "lkp");
  const at = unixSeconds(clock);
  const invitation = {
    ...{ challengeId: toHex(hash), kind: "enrolment" as const, tenantId, nodeUid: OWNER },
    ...{ badgeUid: undefined, ephemeral: undefined, nonce: new Uint8Array(1) },
    expiresAt: at + ttlSeconds,
  };
  await ephemera.putChallenge(invitation, OPEN_MAX);
  const data = { by, ttl_s: ttlSeconds };
  await records.audit({ tenantId, at, kind: "human-invited", data });
  return token;
}

/** The identifier of an invitation that is open. @throws invitation-invalid */
export async function openInvitation(
  context: RegistryContext,
  tenantId: string,
  token: string,
): Promise<string> {
  const id = idOf(context, token);
  const stored = await context.ephemera.challenge(id, "enrolment");
  const open = stored?.tenantId === tenantId && stored.expiresAt > unixSeconds(context.clock);
  if (!open) throw new LatchkeyError("invitation-invalid");
  return id;
}

/** Of any number of answers to one invitation, one gets it. @throws invitation-invalid */
export async function useInvitation(
  context: RegistryContext,
  tenantId: string,
  token: string,
): Promise<void> {
  const id = await openInvitation(context, tenantId, token);
  const taken = await context.ephemera.takeChallenge(id, "enrolment", OWNER);
  if (taken === undefined) throw new LatchkeyError("invitation-invalid");
}
