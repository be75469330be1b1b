import type { IdentityGraph, ResolvedIdentity } from "../protocol/claims/identity-types.ts";
import { nodeAddress } from "../protocol/claims/node-address.ts";
import { resolveIdentityGraph } from "../protocol/claims/resolve.ts";
import { covers } from "../protocol/claims/scopes.ts";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Node, Records } from "./store/records.ts";
import type { WallClock } from "./wall-clock.ts";

/** Opens doors: readers need it. */
export const DOOR_OPEN = "door:open";
/** Reports: all other nodes need it. */
export const TELEMETRY_WRITE = "telemetry:write";

export interface AuthoritiesOptions {
  readonly records: Pick<Records, "authority" | "claimsSeen">;
  readonly clock: WallClock;
  readonly sha3: Sha3;
}

interface Resolved {
  readonly revision: number;
  readonly identity: ResolvedIdentity | null;
  /** The resolution is the same for all these moments, Unix milliseconds. */
  readonly fromMs: number;
  readonly untilMs: number;
}

type NodeKey = Pick<Node, "tenantId" | "nodeType" | "nodePk">;

/** A node, or who wants to be one, and what has to vouch for it. */
export interface Vouched {
  readonly node: NodeKey;
  /** Revision of the tenant's identity; absent where none has to. */
  readonly authority: number | undefined;
}

/**
 * Who is vouched for by the identities behind tenants. A graph is resolved when it changes and when
 * one of its claims begins or ends; in between nothing is asked that the node's own row does not bring along.
 */
export class Authorities {
  readonly #options: AuthoritiesOptions;
  readonly #resolved = new Map<string, Resolved>();

  constructor(options: AuthoritiesOptions) {
    this.#options = options;
  }

  /**
   * Passes nodes of tenants that ask for no delegation, and those whose key has one, now, with what
   * its kind needs.
   * @throws node-undelegated
   */
  async requireDelegation(vouched: Vouched): Promise<void> {
    const isReader = vouched.node.nodeType === "reader";
    await this.requireScope(vouched, isReader ? DOOR_OPEN : TELEMETRY_WRITE);
  }

  /** The same for one that has no row, or is to get another key. @throws node-undelegated */
  async requireDelegationOf(node: NodeKey): Promise<void> {
    const stored = await this.#options.records.authority(node.tenantId);
    const authority = stored?.requiresDelegation ? stored.revision : undefined;
    await this.requireDelegation({ node, authority });
  }

  /** The same for one thing that a node wants to do. @throws node-undelegated */
  async requireScope({ node, authority }: Vouched, scope: string): Promise<void> {
    if (authority === undefined) return;
    const { tenantId, nodePk } = node;
    const { clock, sha3 } = this.#options;
    const identity = await this.#identity(tenantId, authority);
    const address = nodeAddress(sha3, nodePk);
    const nowMs = clock.unixMs();
    const isDelegated = identity?.delegates.some(
      ({ delegatedAddress, scopes, issuedAt }) =>
        delegatedAddress === address && issuedAt <= nowMs && covers(scopes, [scope]),
    );
    if (identity?.status === "revoked" || isDelegated !== true)
      throw new LatchkeyError("node-undelegated", { detail: { scope } });
  }

  async #identity(tenantId: string, authority: number): Promise<ResolvedIdentity | null> {
    const { clock, records } = this.#options;
    const nowMs = clock.unixMs();
    const known = this.#resolved.get(tenantId);
    if (known?.revision === authority && nowMs >= known.fromMs && nowMs < known.untilMs)
      return known.identity;
    const stored = await records.authority(tenantId);
    if (stored === undefined) return null;
    const graph = JSON.parse(stored.graph) as IdentityGraph;
    const identity = await this.#resolve(tenantId, graph, nowMs);
    const untilMs = nextChange(graph, nowMs);
    this.#resolved.set(tenantId, { revision: stored.revision, identity, fromMs: nowMs, untilMs });
    return identity;
  }

  async #resolve(tenantId: string, graph: IdentityGraph, nowMs: number) {
    const { records, sha3 } = this.#options;
    const seen = await records.claimsSeen(tenantId);
    const firstSeenMs = (claimId: string) => seen.get(claimId);
    return resolveIdentityGraph(graph, { sha3, nowMs, firstSeenMs }).resolved;
  }
}

/** When one of the claims begins or ends next. */
function nextChange({ claims }: IdentityGraph, nowMs: number): number {
  const moments = claims.flatMap(({ claim }) => {
    const { issuedAt, expiresAt } = claim ?? {};
    return [issuedAt, typeof expiresAt === "number" ? expiresAt + 1 : expiresAt];
  });
  return Math.min(
    ...moments.filter((ms): ms is number => typeof ms === "number" && ms > nowMs),
    Number.POSITIVE_INFINITY,
  );
}
