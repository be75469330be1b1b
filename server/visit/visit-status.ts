import { toHex } from "../../protocol/encoding/hex.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { VerifiedCredential } from "../../protocol/human/credential/verify.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { visitorName } from "../human/humans.ts";
import { checkPlace, ownPlace } from "../human/status-lists.ts";
import type { TenantTrust } from "../human/tenant-trust.ts";
import type { Node } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";

type Context = Pick<ServiceContext, "humans" | "records" | "clock" | "crypto">;

/** By what an invitation is known until the reader asks: its issuer, and its place in a list. */
export interface Invitation {
  /** How the audit log and the rules call whoever has it. */
  readonly name: string;
  readonly issuer: string;
  readonly uri: string;
  readonly index: number;
  /** Of the tenant's book of issuers, when the credential was verified. */
  readonly revision: number;
}

/** @throws status-reference-invalid: a visit that cannot be called off is none */
export function invitationOf(
  { crypto }: Pick<Context, "crypto">,
  tenantId: string,
  { anchor, revision }: TenantTrust,
  { issuer, status }: Pick<VerifiedCredential, "issuer" | "status">,
): Invitation {
  if (status === undefined) throw new LatchkeyError("status-reference-invalid");
  if (issuer !== anchor.issuer) {
    const about = transcript("latchkey/v1/visitor", issuer, status.uri, status.index);
    const name = `visitor:${toHex(crypto.sha256(about).subarray(0, 12))}`;
    return { name, issuer, ...status, revision };
  }
  const place = ownPlace(status, tenantId);
  if (place === undefined) throw new LatchkeyError("status-reference-invalid");
  return { name: visitorName(place), issuer, ...status, revision };
}

export const writeInvitation = (invitation: Invitation): JsonObject => ({ ...invitation });

/** @throws malformed, which nothing of ours is */
export function readInvitation(body: JsonReader): Invitation {
  return {
    ...{ name: body.string("name"), issuer: body.string("issuer", { max: 2048 }) },
    ...{ uri: body.string("uri", { max: 2048 }), index: body.uint("index") },
    revision: body.uint("revision"),
  };
}

/**
 * Whether an invitation counts at this reader now: whom the tenant believes has not changed since
 * it was verified, and its status is good. The tenant's own list is looked at, not fetched.
 * @throws issuer-untrusted, status-reference-invalid, credential-revoked, credential-suspended and
 *   what `StatusChecker.check` throws
 */
export async function checkInvitation(
  context: Context,
  { tenantId, zone = "" }: Node,
  { issuer, uri, index, revision }: Invitation,
): Promise<void> {
  const trust = await context.humans.trustOf(tenantId);
  trust.checkBelieved(issuer, zone, revision);
  const status = { uri, index };
  if (issuer !== trust.anchor.issuer) {
    await trust.checkStatus(issuer, status, unixSeconds(context.clock));
    return;
  }
  const place = ownPlace(status, tenantId);
  if (place === undefined) throw new LatchkeyError("status-reference-invalid");
  await checkPlace(context, tenantId, place);
}
