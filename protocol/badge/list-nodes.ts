import { toBase64Url } from "../encoding/base64.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { MAX_UNIX_TIME } from "../node/endpoints.ts";

/** The most nodes in one answer: 16 KiB of body hold no more. */
export const LIST_NODES_MAX = 50;
const STATUSES = ["registered", "pending", "revoked"] as const;

/** it_list_nodes: a manager asks, page by page. */
export interface ListNodesRequest {
  readonly tenantId: string;
  /** The last node of the page before. */
  readonly after?: string;
}

export interface NodeSummary {
  readonly nodeUid: string;
  readonly nodeType: string;
  readonly status: (typeof STATUSES)[number];
  readonly nodePk: Uint8Array;
  /** Unix seconds of the last message, if there was one. */
  readonly seenAt?: number;
}

/** it_list_nodes: the server answers; `after` is there when there are more. */
export interface ListNodesAnswer {
  readonly nodes: readonly NodeSummary[];
  readonly after?: string;
}

export function writeListNodesRequest({ tenantId, after }: ListNodesRequest): JsonObject {
  return { tenant_id: tenantId, ...(after !== undefined && { after }) };
}

/** @throws malformed */
export function parseListNodesRequest(body: JsonReader): ListNodesRequest {
  const after = body.optionalUuid("after");
  return { tenantId: body.uuid("tenant_id"), ...(after !== undefined && { after }) };
}

export function writeListNodesAnswer({ nodes, after }: ListNodesAnswer): JsonObject {
  return {
    nodes: nodes.map((node) => ({
      node_uid: node.nodeUid,
      node_type: node.nodeType,
      status: node.status,
      node_pk: toBase64Url(node.nodePk),
      ...(node.seenAt !== undefined && { seen_at: node.seenAt }),
    })),
    ...(after !== undefined && { after }),
  };
}

/** @throws malformed */
export function parseListNodesAnswer(body: JsonReader): ListNodesAnswer {
  const after = body.optionalUuid("after");
  const nodes = body.objects("nodes", { max: LIST_NODES_MAX }).map((node) => {
    const seenAt = node.optionalUint("seen_at", { max: MAX_UNIX_TIME });
    return {
      nodeUid: node.uuid("node_uid"),
      nodeType: node.string("node_type", { max: 32 }),
      status: node.oneOf("status", STATUSES),
      nodePk: node.bytes("node_pk", 32),
      ...(seenAt !== undefined && { seenAt }),
    };
  });
  return { nodes, ...(after !== undefined && { after }) };
}
