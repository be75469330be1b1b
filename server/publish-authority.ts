import { canonicalJson } from "../protocol/claims/canonical-json.ts";
import type { IdentityGraph, SignedIdentityClaim } from "../protocol/claims/identity-types.ts";
import { resolveIdentityGraph } from "../protocol/claims/resolve.ts";
import { ALL, MANAGE_IDENTITY, SIGN_MANIFEST } from "../protocol/claims/scopes.ts";
import { isLatchkeyError, LatchkeyError } from "../protocol/errors.ts";
import type { ServiceContext } from "./context.ts";
import type { StoredAuthority } from "./store/releases.ts";
import { type RefusedClaim, TakenClaims } from "./taken-claims.ts";
import { unixSeconds } from "./wall-clock.ts";

export interface AuthorityOrder {
  readonly tenantId: string;
  /** Document and claims, from anybody: what does not count is not taken. */
  readonly graph: unknown;
  /** Whether nodes need a delegation; as it was, or not, when absent. */
  readonly requireDelegation?: boolean;
  /** The operator who says so, by the network. */
  readonly by?: string;
}

export interface PublishedAuthority {
  readonly identityId: string;
  readonly claims: number;
  /** Claims that were not taken: by their place in the graph that was given, and why. */
  readonly refused: readonly RefusedClaim[];
  /** Nodes whose sessions were ended because nobody vouches for them (any more). */
  readonly ended: readonly string[];
}

const NODES_PAGE = 1000;

/**
 * Takes the graph of the identity behind a tenant. A graph only grows: one that lacks a claim of
 * the last would bring back whoever that revoked.
 * @throws tenant-unknown, malformed and what else a document is refused for, subject-mismatch for
 * another identity, conflict for an older graph
 */
export async function publishAuthority(
  context: ServiceContext,
  { tenantId, graph, requireDelegation, by }: AuthorityOrder,
): Promise<PublishedAuthority> {
  const { records, clock } = context;
  if ((await records.tenant(tenantId)) === undefined) throw new LatchkeyError("tenant-unknown");
  const known = await records.authority(tenantId);
  const { counted, refused } = await countedGraph(context, tenantId, graph, known);
  if (known !== undefined) checkGrown(known, counted);
  const { id: identityId } = counted.document;
  const { length: claims } = counted.claims;
  const requiresDelegation = requireDelegation ?? known?.requiresDelegation ?? false;
  const at = unixSeconds(clock);
  const said = { identity_id: identityId, claims, requires_delegation: requiresDelegation };
  const data = { ...said, ...(by !== undefined && { by }) };
  const saved = await records.saveAuthority({
    ...{ tenantId, identityId, requiresDelegation, replaces: known?.revision ?? 0 },
    graph: JSON.stringify(counted),
    // What was said before this server knew the identity is believed to be of its date.
    seen: counted.claims.map(({ claim: { id, issuedAt } }) => [
      id,
      known === undefined ? issuedAt : clock.unixMs(),
    ]),
    entry: { tenantId, at, kind: "authority-changed", data },
  });
  if (!saved) throw new LatchkeyError("conflict", { message: "another graph came in between" });
  return { identityId, claims, refused, ended: await endUndelegated(context, tenantId) };
}

/** The graph without what the server does not take: see {@link TakenClaims}. */
async function countedGraph(
  { records, sha3, clock }: ServiceContext,
  tenantId: string,
  graph: unknown,
  known: StoredAuthority | undefined,
): Promise<{ counted: IdentityGraph; refused: readonly RefusedClaim[] }> {
  const nowMs = clock.unixMs();
  // As they will be seen from now on; of a first graph the dates are believed.
  const seen = await records.claimsSeen(tenantId);
  const firstSeenMs = (claimId: string) => seen.get(claimId) ?? nowMs;
  const options = { sha3, nowMs, ...(known !== undefined && { firstSeenMs }) };
  const { errors } = resolveIdentityGraph(graph, options);
  const whole = errors.find(({ index }) => index === undefined);
  if (whole !== undefined) throw new LatchkeyError(whole.code, { message: whole.message });
  const { document, claims: given } = graph as IdentityGraph;
  const taken = new TakenClaims(sha3, errors, known === undefined ? [] : claimsOf(known));
  const claims = given.filter((claim, index) => taken.takes(claim, index));
  return { counted: { document, claims }, refused: taken.refused };
}

const claimsOf = ({ graph }: StoredAuthority) => (JSON.parse(graph) as IdentityGraph).claims;

function checkGrown(known: StoredAuthority, { document, claims }: IdentityGraph): void {
  if (known.identityId !== document.id)
    throw new LatchkeyError("subject-mismatch", {
      message: "another identity stands behind this tenant",
    });
  const offered = new Set(claims.map((claim) => canonicalJson(claim)));
  if (claimsOf(known).every((claim) => offered.has(canonicalJson(claim)))) return;
  throw new LatchkeyError("conflict", {
    message: "the graph lacks claims that were published before: it is an older one",
  });
}

/** Ends the sessions of nodes for whom nobody vouches; others find out at their next request. */
async function endUndelegated(context: ServiceContext, tenantId: string): Promise<string[]> {
  const { records, ephemera, authorities } = context;
  const ended: string[] = [];
  const stored = await records.authority(tenantId);
  if (!stored?.requiresDelegation) return ended;
  const authority = stored.revision;
  let after: string | undefined;
  for (;;) {
    const nodes = await records.nodes(tenantId, NODES_PAGE, after);
    for (const node of nodes) {
      if (node.status !== "active") continue;
      try {
        await authorities.requireDelegation({ node, authority });
      } catch (error) {
        if (!isLatchkeyError(error, "node-undelegated")) throw error;
        await ephemera.closeNode(tenantId, node.nodeUid);
        ended.push(node.nodeUid);
      }
    }
    if (nodes.length < NODES_PAGE) return ended;
    after = nodes.at(-1)!.nodeUid;
  }
}

/**
 * What a node needs of a graph to check an image: who is in control, who signs manifests, and what
 * was revoked. Delegations to nodes, which are most of a graph, are not among it, nor is what
 * revokes nothing else.
 */
export function firmwareGraph(text: string): IdentityGraph {
  const { document, claims } = JSON.parse(text) as IdentityGraph;
  const names = (of: readonly SignedIdentityClaim[]) =>
    new Set(of.flatMap(({ claim }) => [claim.id, claim.object]));
  const statements = claims.filter(({ claim }) => claim.type !== "revokes");
  const needed = names(statements.filter(isForFirmware));
  for (const name of [document.id, document.rootAddress, document.controllerAddress])
    needed.add(name);
  const others = names(statements.filter((signed) => !isForFirmware(signed)));
  const isNeeded = (signed: SignedIdentityClaim) => {
    const { type, object } = signed.claim;
    if (type !== "revokes") return isForFirmware(signed);
    return needed.has(object) || !others.has(object);
  };
  return { document, claims: claims.filter(isNeeded) };
}

function isForFirmware({ claim: { type, payload } }: SignedIdentityClaim): boolean {
  if (type === "rotates_to") return true;
  const { scopes } = payload;
  if (type !== "delegates_to" || !Array.isArray(scopes)) return false;
  return [ALL, MANAGE_IDENTITY, SIGN_MANIFEST].some((scope) => scopes.includes(scope));
}
