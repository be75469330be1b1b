import { accessDecision, unnamedDecision } from "./access-decision.ts";
import type { ServiceContext } from "./context.ts";
import type { Refusal } from "./decision.ts";
import type { PolicyStep } from "./store/policies.ts";
import type { Badge, Node } from "./store/records.ts";

function isEntitled({ scope }: Badge, node: Node): boolean {
  if (scope === undefined) return true;
  const inZone = node.zone !== undefined && scope.zones.includes(node.zone);
  return inZone || scope.nodes.includes(node.nodeUid);
}

export interface Judged {
  readonly denied: Refusal | undefined;
  /** For the audit log: whose badge it is, and what entitles. */
  readonly by: Readonly<Record<string, string>>;
  readonly policy: PolicyStep;
}

/** Scope and rules: both have to let pass, and a badge of nobody has its scope alone. */
export async function judgeBadge(
  context: ServiceContext,
  node: Node,
  badge: Badge,
): Promise<Judged> {
  const { personId, badgeUid } = badge;
  const { decision, step } =
    personId === undefined
      ? await unnamedDecision(context, node, { badgeUid })
      : await accessDecision(context, node, { personId });
  const entitlement = personId === undefined ? undefined : decision.entitlement;
  const by = {
    ...(personId !== undefined && { person_id: personId }),
    ...(entitlement !== undefined && { entitlement }),
  };
  const policy = { revision: step.revision };
  const cause = personId === undefined ? {} : { cause: "badge-scope" };
  if (!isEntitled(badge, node))
    return { denied: { reason: "entitlement-denied", ...cause, by }, by, policy };
  if (decision.allowed) return { denied: undefined, by, policy: step };
  const { code, cause: why } = decision;
  return { denied: { reason: code, ...(why !== undefined && { cause: why }), by }, by, policy };
}
