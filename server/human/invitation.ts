import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { JsonReader } from "../../protocol/json/reader.ts";
import { newToken, tokenHash } from "../issued-token.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { RegistryContext } from "./person.ts";
import { withRegistryKeys } from "./registry-keys.ts";
import { changeTenantRow, openTenantRow } from "./tenant-row.ts";

/** Invitations of a tenant that are open at a time; a newer one ends the oldest. */
const OPEN_MAX = 1000;

/** Who invites, and for how long; both stay in the audit log. */
export interface InvitationOrder {
  readonly by: string;
  readonly ttlSeconds: number;
}

interface Open {
  /** Of the token, hexadecimal. */
  readonly hash: string;
  readonly expiresAt: number;
}

/** Those that are not over. */
function openIn(body: JsonReader | undefined, nowUnix: number): Open[] {
  const all = body?.objects("open", { max: OPEN_MAX }) ?? [];
  return all
    .map((one) => ({ hash: one.string("hash"), expiresAt: one.uint("expires_at") }))
    .filter(({ expiresAt }) => expiresAt > nowUnix);
}

const written = (open: readonly Open[]) => ({
  open: open.map(({ hash, expiresAt }) => ({ hash, expires_at: expiresAt })),
});

/** A token with which one person, whoever it will be, enrols a root; its hash is kept. */
export async function invitePerson(
  context: RegistryContext,
  tenantId: string,
  { by, ttlSeconds }: InvitationOrder,
): Promise<string> {
  const { token, hash } = newToken(context, "lkp");
  const nowUnix = unixSeconds(context.clock);
  const added = { hash: toHex(hash), expiresAt: nowUnix + ttlSeconds };
  return changeTenantRow(context, tenantId, "invitations", (body) => {
    const open = [...openIn(body, nowUnix), added].slice(-OPEN_MAX);
    const data = { by, ttl_s: ttlSeconds };
    return { body: written(open), kind: "human-invited", data, result: token };
  });
}

/**
 * The identifier of an invitation that is open. To a stranger a tenant that does not exist is one
 * that has invited nobody. @throws invitation-invalid
 */
export async function openInvitation(
  context: RegistryContext,
  tenantId: string,
  token: string,
): Promise<string> {
  const id = toHex(tokenHash(context, token));
  const { body } = await withRegistryKeys(context, tenantId, (keys) =>
    openTenantRow(context, tenantId, keys, "invitations"),
  ).catch((error: unknown) => {
    throw isLatchkeyError(error, "tenant-unknown")
      ? new LatchkeyError("invitation-invalid")
      : error;
  });
  const open = openIn(body, unixSeconds(context.clock));
  if (!open.some(({ hash }) => hash === id)) throw new LatchkeyError("invitation-invalid");
  return id;
}

/** Of any number of answers to one invitation, one gets it. @throws invitation-invalid */
export function useInvitation(
  context: RegistryContext,
  tenantId: string,
  token: string,
): Promise<undefined> {
  const id = toHex(tokenHash(context, token));
  return changeTenantRow(context, tenantId, "invitations", (body) => {
    const open = openIn(body, unixSeconds(context.clock));
    const others = open.filter(({ hash }) => hash !== id);
    if (others.length === open.length) throw new LatchkeyError("invitation-invalid");
    return { body: written(others), kind: "human-invitation-used", data: {}, result: undefined };
  });
}
