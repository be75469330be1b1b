import type { BadgeMode } from "../../protocol/badge/payload.ts";
import type { BadgeProfile } from "../../protocol/badge/sealed-link.ts";
import type { JsonValue } from "../../protocol/json/reader.ts";
import type { Direction } from "../policy/passage.ts";
import type { Alarm, AlarmRecords } from "./alarms.ts";
import type { CardChange, CardRow } from "./card-rows.ts";
import type { DecisionRecords } from "./decisions.ts";
import type { DoorRecords } from "./doors.ts";
import type { HumanRecords } from "./humans.ts";
import type { MandateRecords } from "./mandates.ts";
import type { OperatorRecords } from "./operators.ts";
import type { PolicyRecords } from "./policies.ts";
import type { ReadingRecords } from "./readings.ts";
import type { ReleaseRecords } from "./releases.ts";
import type { Standing } from "./standing.ts";
import type { UploadRecords } from "./uploads.ts";
import type { VaultRecords } from "./vault-rows.ts";

/** How a node comes in: at once, with a one-time token, or after a manager's approval. */
export type RegistrationPolicy = "auto" | "token" | "approve";

export interface Tenant {
  readonly tenantId: string;
  readonly name: string;
  readonly registration: RegistrationPolicy;
  /** How long the door stays released where neither node nor zone says otherwise. */
  readonly relayMs: number;
  readonly createdAt: number;
}

/** The keys of a tenant by name; sealed by the vault, never in clear in the database. */
export type TenantKeyName = "df1" | "sdm-meta-read" | "chip-master" | "human";

/** A `comm_key` and `comm_iv` as burnt into one batch of nodes; 44 bytes, sealed. */
export interface CommBatch {
  readonly batch: string;
  readonly sealed: Uint8Array;
}

export type NodeStatus = "active" | "pending" | "revoked";

export interface Node {
  readonly tenantId: string;
  readonly nodeUid: string;
  readonly nodeType: string;
  readonly nodePk: Uint8Array;
  /** Whose comm_key its session keys are derived with. */
  readonly batch: string;
  readonly status: NodeStatus;
  readonly label: string | undefined;
  readonly zone: string | undefined;
  readonly relayMs: number | undefined;
  /** Whether it lets into its zone or out of it. */
  readonly direction: Direction;
  readonly createdAt: number;
  readonly lastSeenAt: number | undefined;
  /** What it said of itself at its last check-in. */
  readonly health: JsonValue | undefined;
  /** Whether it is asked to take another key. */
  readonly rotationWanted: boolean;
}

/** A node with all that its coming in depends on, as of one moment. */
export interface Admission {
  readonly node: Node;
  /** Revision of the identity that has to vouch for it; absent where the tenant asks for none. */
  readonly authority: number | undefined;
  /** The sealed key of its batch. */
  readonly comm: Uint8Array | undefined;
}

export type NewNode = Pick<
  Node,
  "tenantId" | "nodeUid" | "nodeType" | "nodePk" | "batch" | "status" | "createdAt"
>;

export interface NodeChange {
  readonly status?: NodeStatus;
  readonly label?: string;
  readonly zone?: string;
  readonly relayMs?: number;
  readonly direction?: Direction;
}

/** What became of a registration; the node is the stored one, also when it was there before. */
export type EnrolOutcome =
  | { readonly outcome: "created" | "exists"; readonly node: Node }
  | { readonly outcome: "token-invalid" }
  /** Some node had this key, and has another one now. */
  | { readonly outcome: "key-retired" };

/** A node takes another key. */
export interface KeyStep {
  readonly tenantId: string;
  readonly nodeUid: string;
  readonly oldPk: Uint8Array;
  readonly newPk: Uint8Array;
  readonly at: number;
}

export const BADGE_STATUSES = Object.freeze(["active", "suspended", "revoked"] as const);
export type BadgeStatus = (typeof BADGE_STATUSES)[number];

/** Where a badge opens doors; absent in the database means everywhere in its tenant. */
export interface BadgeScope {
  readonly nodes: readonly string[];
  readonly zones: readonly string[];
}

export interface Badge {
  readonly tenantId: string;
  /** 14 hexadecimal digits. */
  readonly badgeUid: string;
  readonly badgePk: Uint8Array;
  readonly mode: BadgeMode;
  /** Where its payload is, and so by which endpoints it passes. */
  readonly profile: BadgeProfile;
  /** The one reader of an HS badge. */
  readonly nodeUid: string | undefined;
  readonly holder: string;
  readonly label: string | undefined;
  readonly status: BadgeStatus;
  readonly scope: BadgeScope | undefined;
  /** Whose it is; a badge of nobody goes by its scope alone. */
  readonly personId: string | undefined;
  /** The highest SDMReadCtr seen; -1 before the first tap. */
  readonly readCounter: number;
  /** Which set of keys its chip has; see `CardRow`. */
  readonly keyGeneration: number;
  /** Work on its chip has begun and not ended: it opens nothing until then. */
  readonly beingWritten: boolean;
  readonly createdAt: number;
}

/** Which statuses it may have before, any when absent; and who changes it. */
export interface StatusStep {
  readonly from?: readonly BadgeStatus[];
  readonly by?: string;
}

export type NewBadge = Omit<
  Badge,
  "status" | "personId" | "readCounter" | "keyGeneration" | "beingWritten"
>;

/** A fact for the audit log; `data` holds no key material, it is kept for years. */
export interface AuditEntry {
  readonly tenantId: string;
  /** Unix seconds. */
  readonly at: number;
  /** Stable, kebab-case: `badge-decision`, `node-registered`, … */
  readonly kind: string;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditRow {
  readonly seq: number;
  readonly tenantId: string;
  readonly at: number;
  readonly kind: string;
  /** The exact text that was hashed. */
  readonly data: string;
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
}

/** A decision about a tap, to be recorded. */
export interface DecisionRecord {
  readonly entry: AuditEntry;
  readonly alarm?: Alarm;
}

/** Taps that a reader refused by itself, as it reports them. */
export interface ReaderDenials {
  readonly tenantId: string;
  readonly nodeUid: string;
  /** Names a run of the reader's program, within which the numbers count; hexadecimal. */
  readonly boot: string;
  readonly at: number;
  /** Ascending by number. */
  readonly denials: readonly { readonly number: number; readonly record: DecisionRecord }[];
  /** The row that says how many numbers are missing between those that are recorded. */
  readonly dropped: (count: number) => AuditEntry;
}

/**
 * What must survive: tenants, nodes, badges, decisions. A promise that resolves means that the
 * change is durable. Every method that says so is one transaction, also across replicas.
 * All methods throw `unavailable` when the database does not answer.
 */
export interface Records
  extends AlarmRecords,
    DecisionRecords,
    DoorRecords,
    HumanRecords,
    MandateRecords,
    OperatorRecords,
    PolicyRecords,
    ReadingRecords,
    ReleaseRecords,
    UploadRecords,
    VaultRecords {
  /**
   * Tenant, its keys and its first batch in one transaction, if `sealedUnder` is still the vault's
   * active key. @throws conflict
   */
  createTenant(
    tenant: Tenant,
    keys: Readonly<Record<Exclude<TenantKeyName, "human">, Uint8Array>>,
    batch: CommBatch,
    sealedUnder: string,
  ): Promise<void>;
  tenant(tenantId: string): Promise<Tenant | undefined>;
  tenants(): Promise<readonly Tenant[]>;
  setRegistration(tenantId: string, policy: RegistrationPolicy): Promise<boolean>;
  /** Sealed. */
  tenantKey(tenantId: string, name: TenantKeyName): Promise<Uint8Array | undefined>;
  /** Newest first; at most 16. */
  commBatches(tenantId: string): Promise<readonly CommBatch[]>;
  /** If `sealedUnder` is still the vault's active key. @throws conflict */
  addCommBatch(tenantId: string, batch: CommBatch, sealedUnder: string, at: number): Promise<void>;

  addEnrolToken(tenantId: string, hash: Uint8Array, expiresAt: number): Promise<void>;
  /**
   * One transaction: the node that holds this key, else the token is spent (when `tokenHash` is
   * given) and the node stored, with its audit entry.
   */
  enrolNode(node: NewNode, tokenHash: Uint8Array | undefined): Promise<EnrolOutcome>;
  node(tenantId: string, nodeUid: string): Promise<Node | undefined>;
  /** One question, for each request of a node has it. */
  admission(tenantId: string, nodeUid: string): Promise<Admission | undefined>;
  /** By creation, from `after` (a node_uid) on. */
  nodes(tenantId: string, limit: number, after?: string): Promise<readonly Node[]>;
  /** Whether it was changed: what is revoked gets no other status. */
  changeNode(
    tenantId: string,
    nodeUid: string,
    change: NodeChange,
    at: number,
    by?: string,
  ): Promise<boolean>;
  /** With its audit entry; false when there is none in force. */
  wantRotation(tenantId: string, nodeUid: string, at: number, by?: string): Promise<boolean>;
  /**
   * One transaction: if the node is in force and has the old key still, gives it the new one,
   * retires the old one for good and writes it down. @throws conflict when the new one is taken
   */
  rotateKey(step: KeyStep): Promise<boolean>;
  saveHealth(tenantId: string, nodeUid: string, at: number, health: JsonValue): Promise<void>;

  /** Milliseconds, or `undefined` when the zone has no time of its own. */
  zoneRelayMs(tenantId: string, zone: string): Promise<number | undefined>;
  setZone(tenantId: string, zone: string, relayMs: number): Promise<void>;

  /** What is known of a chip; `undefined` when no work on it was ever begun here. */
  card(tenantId: string, badgeUid: string): Promise<CardRow | undefined>;
  /** One transaction, if the row's revision is still the one given; false when it is not. */
  saveCard(change: CardChange): Promise<boolean>;

  /** With its audit entry. @throws conflict when the UID is taken in this tenant */
  createBadge(badge: NewBadge, by?: string): Promise<void>;
  badge(tenantId: string, badgeUid: string): Promise<Badge | undefined>;
  /** By UID, from `after` (a UID) on. */
  badges(tenantId: string, limit: number, after?: string): Promise<readonly Badge[]>;
  /** Whether it was changed. */
  setBadgeStatus(
    tenantId: string,
    badgeUid: string,
    status: BadgeStatus,
    at: number,
    step?: StatusStep,
  ): Promise<boolean>;
  setBadgeScope(
    tenantId: string,
    badgeUid: string,
    scope: BadgeScope | undefined,
    at: number,
  ): Promise<boolean>;

  /**
   * One transaction: records the denials that are numbered above the last one of that boot, and
   * how many are missing between. Gives the number of the last one that is recorded now.
   */
  recordReaderDenials(report: ReaderDenials): Promise<number>;

  audit(entry: AuditEntry): Promise<void>;
  /** Ascending, from `after` (a seq) on. */
  auditRows(tenantId: string, limit: number, after?: number): Promise<readonly AuditRow[]>;

  /** @throws unavailable */
  standing(): Promise<Standing>;

  /** Runs `work` in one process at a time, of all that have these records open. */
  alone<T>(work: () => Promise<T>): Promise<T>;

  /** Deletes expired tokens, uploads that were given up, readings that arrived before that. */
  sweep(nowAt: number, readingsBefore: number): Promise<void>;

  close(): void | Promise<void>;
}
