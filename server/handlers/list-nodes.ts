import {
  LIST_NODES_MAX,
  type NodeSummary,
  parseListNodesRequest,
  writeListNodesAnswer,
} from "../../protocol/badge/list-nodes.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { requireTenant } from "../operator-auth.ts";
import type { Operator } from "../store/operators.ts";
import type { Node } from "../store/records.ts";

function summary({ nodeUid, nodeType, nodePk, status, lastSeenAt }: Node): NodeSummary {
  return {
    nodeUid,
    nodeType,
    status: status === "active" ? "registered" : status,
    nodePk,
    ...(lastSeenAt !== undefined && { seenAt: lastSeenAt }),
  };
}

/** identity_tag/it_list_nodes: a tenant's nodes, page by page. */
export async function listNodes(
  context: ServiceContext,
  operator: Operator,
  body: JsonReader,
): Promise<JsonObject> {
  const { tenantId, after } = parseListNodesRequest(body);
  await requireTenant(context, operator, tenantId);
  // One more than a page holds tells whether there is another.
  const nodes = await context.records.nodes(tenantId, LIST_NODES_MAX + 1, after);
  const page = nodes.slice(0, LIST_NODES_MAX);
  const last = nodes.length > LIST_NODES_MAX ? page.at(-1)?.nodeUid : undefined;
  return writeListNodesAnswer({
    nodes: page.map(summary),
    ...(last !== undefined && { after: last }),
  });
}
