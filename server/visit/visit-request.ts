import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { PersonaPolicy } from "../../protocol/human/request/persona-policy.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import type { DoorTrust } from "../human/tenant-trust.ts";
import { knownZone } from "../policy/access.ts";
import type { StoredChallenge } from "../store/ephemera.ts";
import type { Node } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";

/** A request that somebody has scanned, and the reader behind it. */
export interface Visit {
  readonly stored: StoredChallenge;
  readonly node: Node;
}

/** Today at the reader's place. @throws policy-unclear, unavailable */
export async function todayAt(
  { ruleBook, clock }: Pick<ServiceContext, "ruleBook" | "clock">,
  { tenantId, zone }: Node,
): Promise<string> {
  const { rules } = await ruleBook.of(tenantId);
  const known = knownZone(rules, zone ?? "", unixSeconds(clock));
  if ("allowed" in known) {
    // A server that does not know the time is not ready; what else there is, is the rules' fault.
    const untimed = known.code === "clock-untrusted";
    throw new LatchkeyError(untimed ? "unavailable" : "policy-unclear");
  }
  return known.wall.date;
}

/** A code that was photographed is of no use when it was answered, or its minute is over. */
export async function findVisit(context: ServiceContext, code: string): Promise<Visit> {
  const { ephemera, records, clock } = context;
  const stored = await ephemera.challenge(code, "visit");
  if (stored === undefined) throw new LatchkeyError("challenge-used");
  if (stored.expiresAt <= unixSeconds(clock)) throw new LatchkeyError("challenge-expired");
  const node = await records.node(stored.tenantId, stored.nodeUid);
  if (node?.status !== "active") throw new LatchkeyError("challenge-used");
  return { stored, node };
}

/** The verifier, as presentations name it: this reader and no other. */
export function audienceOf({ tenantId, nodeUid }: Node): string {
  return `latchkey-door:${tenantId}:${nodeUid}`;
}

/** What is asked of a visitor here and now: a credential for this tenant, zone and day. */
export function visitPolicy({ tenantId, zone = "" }: Node, day: string, { issuers }: DoorTrust) {
  const policy = new PersonaPolicy().requireVisit({ tenant: tenantId, zone, day });
  return issuers.reduce((asking, issuer) => asking.fromIssuer(issuer), policy);
}

/**
 * The request behind a code, as a wallet takes it (the members of an OpenID4VP 1.0 request).
 * @throws challenge-used, challenge-expired, policy-unclear
 */
export async function visitRequest(context: ServiceContext, code: string): Promise<JsonObject> {
  const { humans, clock } = context;
  const { stored, node } = await findVisit(context, code);
  const door = (await humans.trustOf(node.tenantId)).door(node.zone ?? "");
  const policy = visitPolicy(node, await todayAt(context, node), door);
  return {
    client_id: audienceOf(node),
    nonce: toBase64Url(stored.nonce),
    response_type: "vp_token",
    dcql_query: policy.toDcql(door.trust),
    expires_in: stored.expiresAt - unixSeconds(clock),
  };
}
