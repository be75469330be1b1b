/** The parts of {@link Records} that each database keeps together, named once for all of them. */
import type { Records } from "./records.ts";

export type NodeRecords = Pick<
  Records,
  | "addEnrolToken"
  | "enrolNode"
  | "node"
  | "admission"
  | "nodes"
  | "changeNode"
  | "wantRotation"
  | "rotateKey"
  | "saveHealth"
>;

export type TenantRecords = Pick<
  Records,
  | "createTenant"
  | "tenant"
  | "tenants"
  | "setRegistration"
  | "tenantKey"
  | "addTenantKey"
  | "commBatches"
  | "addCommBatch"
  | "zoneRelayMs"
  | "setZone"
>;

export type BadgeRecords = Pick<
  Records,
  "createBadge" | "badge" | "badges" | "setBadgeStatus" | "setBadgeScope"
>;

export type CardRecords = Pick<Records, "card" | "saveCard">;

export type AuditRecords = Pick<
  Records,
  "audit" | "auditRows" | "alarms" | "recordDecision" | "recordPassage"
>;

export type ReportRecords = Pick<Records, "recordReaderDenials">;
