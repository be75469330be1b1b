import { BACK_END_TYPE, isReservedType } from "../../protocol/application/identity.ts";
import { RELAY_MS_MAX } from "../../protocol/badge/verify.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { newEnrolToken } from "../enrol-token.ts";
import { approveNode, revokeNode, wantRotation } from "../node-status.ts";
import { requirePermission } from "../roles.ts";
import type { Node } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import { HEALTH } from "./badge-endpoints.ts";
import { type Caller, DONE, type Endpoint, managed } from "./endpoint.ts";
import {
  boolean,
  bytes,
  described,
  list,
  oneOf,
  optional,
  text,
  uint,
  uuid,
  yes,
} from "./field.ts";
import { form, object } from "./form.ts";
import {
  APPROVE_NODE_PATH,
  CHANGE_NODE_PATH,
  CREATE_ENROL_TOKEN_PATH,
  LIST_FLEET_PATH,
  REVOKE_NODE_PATH,
  ROTATE_NODE_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

/** The most subjects in one answer. */
export const FLEET_PAGE = 100;
const RELAY_MS_MIN = 100;
const DAY_SECONDS = 86_400;
const status = oneOf(["registered", "pending", "revoked"]);
const direction = oneOf(["in", "out"]);
const relay = uint(RELAY_MS_MAX, RELAY_MS_MIN);

function fleetMember(node: Node): JsonObject {
  const { nodeUid, nodeType, nodePk, label, zone, relayMs, createdAt, lastSeenAt, health } = node;
  return {
    node_uid: nodeUid,
    node_type: nodeType,
    status: node.status === "active" ? "registered" : node.status,
    node_pk: toBase64Url(nodePk),
    ...(label !== undefined && { label }),
    ...(zone !== undefined && { zone }),
    ...(relayMs !== undefined && { relay_ms: relayMs }),
    direction: node.direction,
    created_at: createdAt,
    ...(lastSeenAt !== undefined && { seen_at: lastSeenAt }),
    ...(node.rotationWanted && { rotating: true }),
    ...(health !== undefined && { health }),
  };
}

/**
 * The node or other subject of the tenant, if it is one for this operator: back ends are trusted
 * by an admin, and only an admin takes that back.
 * @throws node-unknown, forbidden-role
 */
async function requireSubject(
  { records }: ServiceContext,
  { tenantId, operator }: Caller,
  nodeUid: string,
): Promise<Node> {
  const node = await records.node(tenantId, nodeUid);
  if (node === undefined) throw new LatchkeyError("node-unknown");
  if (node.nodeType === BACK_END_TYPE) requirePermission(operator.role, "manage-applications");
  return node;
}

/** How a tenant's nodes are, and who of them may come in. */
export const FLEET_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "read-nodes",
    path: LIST_FLEET_PATH,
    chapter: "management",
    summary: "Nodes, applications and back ends with what they said of themselves, by page.",
    fields: { status: optional(status), after: optional(uuid) },
    answer: form({
      server_time: time,
      nodes: list(
        object(
          form({
            node_uid: uuid,
            node_type: text(32),
            status,
            node_pk: bytes(32),
            label: optional(text(64)),
            zone: optional(text(64)),
            relay_ms: optional(uint(RELAY_MS_MAX)),
            direction,
            created_at: time,
            seen_at: optional(time),
            rotating: optional(yes),
            health: optional(object(form(HEALTH))),
          }),
        ),
        FLEET_PAGE,
      ),
      after: optional(uuid),
    }),
    async handle({ records, clock }, { tenantId }, { status: wanted, after }) {
      const page = await records.nodes(tenantId, FLEET_PAGE + 1, after);
      const members = page.slice(0, FLEET_PAGE);
      const last = page.length > FLEET_PAGE ? members.at(-1)?.nodeUid : undefined;
      // A page may hold fewer of the wanted ones; whether there is another says `after` alone.
      const named = wanted === "registered" ? "active" : wanted;
      const chosen = members.filter((node) => named === undefined || node.status === named);
      return {
        server_time: unixSeconds(clock),
        nodes: chosen.map(fleetMember),
        ...(last !== undefined && { after: last }),
      };
    },
  }),
  managed({
    may: "manage-nodes",
    path: APPROVE_NODE_PATH,
    chapter: "management",
    summary: "Lets a node or an application in that waits for it.",
    fields: { node_uid: uuid },
    answer: DONE,
    codes: ["node-unknown", "node-revoked"],
    async handle(context, caller, { node_uid: nodeUid }) {
      await requireSubject(context, caller, nodeUid);
      await approveNode(context, caller.tenantId, nodeUid, caller.operator.name);
      return {};
    },
  }),
  managed({
    may: "manage-nodes",
    path: REVOKE_NODE_PATH,
    chapter: "management",
    summary: "Shuts a node, an application or a back end out, for good, and ends its sessions.",
    fields: { node_uid: uuid },
    answer: DONE,
    codes: ["node-unknown"],
    async handle(context, caller, { node_uid: nodeUid }) {
      await requireSubject(context, caller, nodeUid);
      await revokeNode(context, caller.tenantId, nodeUid, caller.operator.name);
      return {};
    },
  }),
  managed({
    may: "manage-nodes",
    path: ROTATE_NODE_PATH,
    chapter: "management",
    summary: "Asks a node to take another key at its next check-in.",
    fields: {
      node_uid: uuid,
      force: described(
        optional(boolean),
        "Also when HS badges are sealed for this reader: they open nothing until they are rekeyed.",
      ),
    },
    answer: DONE,
    codes: ["node-unknown", "conflict"],
    async handle(context, { tenantId, operator }, { node_uid: nodeUid, force }) {
      const node = await context.records.node(tenantId, nodeUid);
      if (node === undefined || isReservedType(node.nodeType))
        throw new LatchkeyError("node-unknown");
      await wantRotation(context, tenantId, nodeUid, force === true, operator.name);
      return {};
    },
  }),
  managed({
    may: "manage-nodes",
    path: CHANGE_NODE_PATH,
    chapter: "management",
    summary: "What a node is called, which zone it is in, how long its door stays released.",
    fields: {
      node_uid: uuid,
      label: optional(text(64)),
      zone: optional(text(64)),
      relay_ms: optional(relay),
      direction: optional(direction),
    },
    answer: DONE,
    codes: ["node-unknown"],
    async handle(context, caller, { node_uid: nodeUid, relay_ms: relayMs, ...said }) {
      const { label, zone, direction: way } = said;
      const { records, clock } = context;
      const { tenantId, operator } = caller;
      const { nodeType } = await requireSubject(context, caller, nodeUid);
      // A back end is known by its label: another one would make it another back end.
      if (nodeType === BACK_END_TYPE) throw new LatchkeyError("node-unknown");
      const change = {
        ...(label !== undefined && { label }),
        ...(zone !== undefined && { zone }),
        ...(relayMs !== undefined && { relayMs }),
        ...(way !== undefined && { direction: way }),
      };
      await records.changeNode(tenantId, nodeUid, change, unixSeconds(clock), operator.name);
      return {};
    },
  }),
  managed({
    may: "manage-nodes",
    path: CREATE_ENROL_TOKEN_PATH,
    chapter: "management",
    summary: "A one-time token with which one node or application comes in.",
    fields: { ttl_s: optional(uint(30 * DAY_SECONDS, 60)) },
    answer: form({ token: text(128), expires_at: time }),
    async handle(context, { tenantId, operator }, { ttl_s: ttl = DAY_SECONDS }) {
      const { records, clock } = context;
      const at = unixSeconds(clock);
      const token = await newEnrolToken(context, tenantId, ttl);
      const data = { by: operator.name, ttl_s: ttl };
      await records.audit({ tenantId, at, kind: "enrol-token-issued", data });
      return { token, expires_at: at + ttl };
    },
  }),
];
