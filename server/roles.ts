import { LatchkeyError } from "../protocol/errors.ts";

export const ROLES = Object.freeze(["admin", "manager", "operator", "auditor"] as const);

/** What an operator is. A node has no role: its session is all that it may use. */
export type Role = (typeof ROLES)[number];

/**
 * Who may do what, in one place. An endpoint names the one line that it needs, and a role that is
 * not in it gets `forbidden-role`. What is not in here nobody may do by the network.
 */
export const PERMISSIONS = Object.freeze({
  /** Nodes and how they are. */
  "read-nodes": ["admin", "manager", "operator", "auditor"],
  /** Lets nodes in, shuts them out, gives them new keys. */
  "manage-nodes": ["admin", "manager"],
  "read-badges": ["admin", "manager", "operator", "auditor"],
  /** Shuts a badge out until somebody who may says otherwise: a lost one cannot wait. */
  "suspend-badges": ["admin", "manager", "operator"],
  /** Enrols, reinstates, revokes, writes chips. */
  "manage-badges": ["admin", "manager"],
  /** Rules, people and entitlements; and where people were last. */
  "read-policy": ["admin", "manager", "auditor"],
  "manage-policy": ["admin", "manager"],
  /** Lets a person enrol an identity. */
  "enrol-people": ["admin", "manager"],
  /** Issues invitations, and calls them off. */
  "invite-visitors": ["admin", "manager"],
  /** A person's stolen device, at the person's word. */
  "revoke-devices": ["admin", "manager"],
  /** Whose invitations open doors, and with which key the tenant signs its own. */
  "manage-issuers": ["admin"],
  /** Whose identifier it is: undoes what identifiers are for. */
  "look-up-people": ["admin"],
  "read-readings": ["admin", "manager", "operator", "auditor"],
  "read-alarms": ["admin", "manager", "operator", "auditor"],
  /** An operator at the door does not see what others did. */
  "read-audit": ["admin", "manager", "auditor"],
  /** Images for nodes: whether one is genuine its signature says, and whether it is sent he. */
  "publish-releases": ["admin", "manager"],
  /** Which identity stands behind a tenant, and whether nodes need its word. */
  "publish-authority": ["admin"],
  /** Whom back ends trust, and as what, is not a manager's to say: he could raise himself. */
  "manage-applications": ["admin"],
  "manage-operators": ["admin"],
  /** What a court has ordered; never an operator, nor a manager. */
  "manage-mandates": ["admin"],
} as const satisfies Readonly<Record<string, readonly Role[]>>);

export type Permission = keyof typeof PERMISSIONS;

export function roleMay(role: Role, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly Role[]).includes(role);
}

/** @throws forbidden-role */
export function requirePermission(role: Role, permission: Permission): void {
  if (!roleMay(role, permission)) throw new LatchkeyError("forbidden-role");
}
