import type { BadgeFile } from "../protocol/badge/link.ts";
import type { BadgeMode } from "../protocol/badge/payload.ts";
import type { BadgeProfile } from "../protocol/badge/sealed-link.ts";
import { RELAY_MS_MAX } from "../protocol/badge/verify.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import { uuidFromRandom } from "../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json/reader.ts";
import type { Transceive } from "../protocol/nfc/apdu.ts";
import { askLocally } from "./api/ask-locally.ts";
import { type ApplicationAdmin, applicationAdmin } from "./application/application-admin.ts";
import { type AuditVerdict, verifyAudit } from "./audit-verdict.ts";
import { registerBadge } from "./badge-registration.ts";
import { writeBadgeFile, writeSealedBadge } from "./badge-writer.ts";
import type { CardOrder, CardResult } from "./card/card-order.ts";
import { runCardOrder } from "./card/card-service.ts";
import { SDM_FILE_READ_KEY_NO, SDM_META_READ_KEY_NO } from "./chip-keys.ts";
import type { ServiceContext } from "./context.ts";
import { newEnrolToken } from "./enrol-token.ts";
import { type ReadingsPage, readingsPage } from "./handlers/sensor-data.ts";
import type { Humans } from "./human/humans.ts";
import { approveNode, revokeNode } from "./node-status.ts";
import { type OperatorAdmin, operatorAdmin } from "./operator-admin.ts";
import { type PolicyAdmin, policyAdmin } from "./policy/policy-admin.ts";
import {
  type AuthorityOrder,
  type PublishedAuthority,
  publishAuthority,
} from "./publish-authority.ts";
import { publishRelease, type ReleaseOrder } from "./publish-release.ts";
import type { FollowOptions } from "./reading-feed.ts";
import type { ReadingsRequest } from "./readings-query.ts";
import type { StoredAlarm } from "./store/alarms.ts";
import type { ReadingRow } from "./store/readings.ts";
import type {
  AuditRow,
  Badge,
  BadgeScope,
  BadgeStatus,
  Node,
  NodeChange,
  RegistrationPolicy,
  Tenant,
} from "./store/records.ts";
import type { StoredRelease } from "./store/releases.ts";
import { openCommBatches, openTenantKey, sealCommBatch, sealTenantKey } from "./tenant-keys.ts";
import { unixSeconds } from "./wall-clock.ts";

export interface NewTenant {
  readonly name: string;
  /** Made up when absent. */
  readonly tenantId?: string;
  /** `token` when absent: the door is not open to whoever holds a batch's key. */
  readonly registration?: RegistrationPolicy;
  /** 3000 when absent; 100 to 60,000. */
  readonly relayMs?: number;
}

/** What is burnt into a node of the tenant. */
export interface Provisioning {
  readonly tenantId: string;
  readonly commKey: Secret;
  readonly commIv: Uint8Array;
  /** For readers only. */
  readonly df1: Secret;
  readonly serverKeys: readonly Uint8Array[];
  /** Whose firmware images its nodes take; absent while none is published. */
  readonly authority?: string;
}

export interface BadgeOrder {
  readonly tenantId: string;
  /** 7 bytes. */
  readonly badgeUid: Uint8Array;
  readonly mode: BadgeMode;
  /** `open` when absent. */
  readonly profile?: BadgeProfile;
  /** The one reader, for HS. */
  readonly nodeUid?: string;
  readonly holder: string;
  readonly label?: string;
  /** Everywhere in the tenant when absent. */
  readonly scope?: BadgeScope;
}

/** All that goes onto the chip. */
export interface IssuedBadge extends BadgeFile {
  readonly badgeUid: Uint8Array;
  /** Application keys 0 to 4. */
  readonly chipKeys: readonly Secret[];
  readonly metaReadKeyNo: number;
  readonly fileReadKeyNo: number;
  /** Of a sealed badge: what file 03 holds, 114 bytes. */
  readonly sealedPayload?: Uint8Array;
}

export type ReadingPages = AsyncIterableIterator<readonly ReadingRow[]>;

/** What an administrator does on the machine itself: no network, no token. */
export interface Admin extends OperatorAdmin {
  createTenant(tenant: NewTenant): Promise<Tenant>;
  /**
   * Asks an endpoint for operators, as an admin named `local`; see docs/management.md.
   * @throws not-found, and what the endpoint refuses with
   */
  ask(path: string, body: JsonObject): Promise<JsonObject>;
  tenants(): Promise<readonly Tenant[]>;
  setRegistration(tenantId: string, policy: RegistrationPolicy): Promise<void>;
  provisioning(tenantId: string): Promise<Provisioning>;
  /** A one-time token for one node. */
  createEnrolToken(tenantId: string, ttlSeconds: number): Promise<string>;
  nodes(tenantId: string, limit?: number): Promise<readonly Node[]>;
  approveNode(tenantId: string, nodeUid: string): Promise<void>;
  /** Ends its sessions too. */
  revokeNode(tenantId: string, nodeUid: string): Promise<void>;
  changeNode(tenantId: string, nodeUid: string, change: Omit<NodeChange, "status">): Promise<void>;
  readonly applications: ApplicationAdmin;
  /** Registries, issuers and statuses of people. */
  readonly humans: Humans;
  readonly policy: PolicyAdmin;
  setZone(tenantId: string, zone: string, relayMs: number): Promise<void>;
  issueBadge(order: BadgeOrder): Promise<IssuedBadge>;
  /** Works on the card behind `transceive`; see `runCardOrder`. */
  card(order: CardOrder, transceive: Transceive): Promise<CardResult>;
  badge(tenantId: string, badgeUid: Uint8Array): Promise<Badge | undefined>;
  setBadgeStatus(tenantId: string, badgeUid: Uint8Array, status: BadgeStatus): Promise<void>;
  setBadgeScope(tenantId: string, badgeUid: Uint8Array, scope?: BadgeScope): Promise<void>;
  alarms(tenantId: string, limit?: number): Promise<readonly StoredAlarm[]>;
  auditRows(tenantId: string, limit?: number, after?: number): Promise<readonly AuditRow[]>;
  verifyAudit(tenantId: string): Promise<AuditVerdict>;
  /** The newest of a node, newest first. */
  readings(tenantId: string, nodeUid: string, limit?: number): Promise<readonly ReadingRow[]>;
  readingsPage(request: ReadingsRequest): Promise<ReadingsPage>;
  /** Ends the sessions of nodes that it does not vouch for, where the tenant asks for that. */
  publishAuthority(order: AuthorityOrder): Promise<PublishedAuthority>;
  publishRelease(order: ReleaseOrder): Promise<StoredRelease>;
  /**
   * Pages of readings as they come in, after the one named or from now on; an empty page when
   * there was nothing for `pollMs`. Stop it by `return` or by leaving the loop.
   */
  followReadings(options: Partial<FollowOptions>): Promise<ReadingPages>;
}

const DEFAULT_RELAY_MS = 3000;
const RELAY_MS_MIN = 100;
const PAGE = 1000;
const FOLLOW_POLL_MS = 1000;

function checkRelayMs(relayMs: number): number {
  if (Number.isInteger(relayMs) && relayMs >= RELAY_MS_MIN && relayMs <= RELAY_MS_MAX)
    return relayMs;
  throw new LatchkeyError("config-invalid", {
    message: `relay_ms: an integer from ${RELAY_MS_MIN} to ${RELAY_MS_MAX}`,
    detail: { field: "relay_ms" },
  });
}

function requireFound(
  found: boolean,
  code: "tenant-unknown" | "node-unknown" | "badge-unknown",
): void {
  if (!found) throw new LatchkeyError(code);
}

async function createTenant(context: ServiceContext, order: NewTenant): Promise<Tenant> {
  const { records, random, clock } = context;
  const tenantId = order.tenantId ?? uuidFromRandom(random.bytes(16));
  const tenant: Tenant = {
    tenantId,
    name: order.name,
    registration: order.registration ?? "token",
    relayMs: checkRelayMs(order.relayMs ?? DEFAULT_RELAY_MS),
    createdAt: unixSeconds(clock),
  };
  const keys = {
    df1: sealTenantKey(context, tenantId, "df1", random.bytes(32)),
    "sdm-meta-read": sealTenantKey(context, tenantId, "sdm-meta-read", random.bytes(16)),
    "chip-master": sealTenantKey(context, tenantId, "chip-master", random.bytes(16)),
  };
  const batch = sealCommBatch(context, tenantId, "1", random.bytes(44));
  await records.createTenant(tenant, keys, batch, context.vault.id);
  return tenant;
}

async function provisioning(context: ServiceContext, tenantId: string): Promise<Provisioning> {
  const [newest, ...older] = await openCommBatches(context, tenantId);
  for (const { key } of older) key.wipe();
  if (newest === undefined) throw new LatchkeyError("tenant-unknown");
  const df1 = await openTenantKey(context, tenantId, "df1");
  const serverKeys = context.keys.published.map(({ publicKey }) => publicKey);
  const authority = (await context.records.authority(tenantId))?.identityId;
  return {
    ...{ tenantId, commKey: newest.key, commIv: newest.iv, df1, serverKeys },
    ...(authority === undefined ? {} : { authority }),
  };
}

async function issueBadge(context: ServiceContext, order: BadgeOrder): Promise<IssuedBadge> {
  const { crypto, random } = context;
  const { tenantId, badgeUid, mode, nodeUid, holder, label, scope, profile } = order;
  const seed = new Secret(random.bytes(32));
  const badgePk = crypto.ed25519PublicKey(seed.bytes);
  const badge = { tenantId, badgeUid, badgePk, holder, ...(label !== undefined && { label }) };
  if (mode === "HS" && nodeUid === undefined) throw new LatchkeyError("node-unknown");
  const request = nodeUid
    ? ({ ...badge, mode: "HS", nodeUid } as const)
    : ({ ...badge, mode: "STD" } as const);
  const answer = await registerBadge(context, request, { scope, profile });
  const file =
    profile === "sealed"
      ? await writeSealedBadge(context, tenantId, seed, answer)
      : writeBadgeFile(context, seed, answer);
  seed.wipe();
  return {
    ...file,
    badgeUid,
    chipKeys: answer.chipKeys.map((key) => new Secret(key)),
    metaReadKeyNo: SDM_META_READ_KEY_NO,
    fileReadKeyNo: SDM_FILE_READ_KEY_NO,
  };
}

export function createAdmin(context: ServiceContext): Admin {
  const { records, clock } = context;
  const now = (): number => unixSeconds(clock);
  const change = async (tenantId: string, nodeUid: string, what: NodeChange): Promise<void> =>
    requireFound(await records.changeNode(tenantId, nodeUid, what, now()), "node-unknown");
  return {
    createTenant: (order) => createTenant(context, order),
    ask: (path, body) => askLocally(context, path, body),
    tenants: () => records.tenants(),
    async setRegistration(tenantId, policy) {
      requireFound(await records.setRegistration(tenantId, policy), "tenant-unknown");
    },
    provisioning: (tenantId) => provisioning(context, tenantId),
    async createEnrolToken(tenantId, ttlSeconds) {
      requireFound((await records.tenant(tenantId)) !== undefined, "tenant-unknown");
      return newEnrolToken(context, tenantId, ttlSeconds);
    },
    ...operatorAdmin(context),
    nodes: (tenantId, limit = PAGE) => records.nodes(tenantId, limit),
    approveNode: (tenantId, nodeUid) => approveNode(context, tenantId, nodeUid),
    revokeNode: (tenantId, nodeUid) => revokeNode(context, tenantId, nodeUid),
    async changeNode(tenantId, nodeUid, what) {
      if (what.relayMs !== undefined) checkRelayMs(what.relayMs);
      await change(tenantId, nodeUid, what);
    },
    async setZone(tenantId, zone, relayMs) {
      requireFound((await records.tenant(tenantId)) !== undefined, "tenant-unknown");
      await records.setZone(tenantId, zone, checkRelayMs(relayMs));
    },
    humans: context.humans,
    applications: applicationAdmin(context),
    policy: policyAdmin(context),
    issueBadge: (order) => issueBadge(context, order),
    card: (order, transceive) => runCardOrder(context, order, transceive),
    badge: (tenantId, badgeUid) => records.badge(tenantId, toHex(badgeUid)),
    async setBadgeStatus(tenantId, badgeUid, status) {
      const found = await records.setBadgeStatus(tenantId, toHex(badgeUid), status, now());
      requireFound(found, "badge-unknown");
    },
    async setBadgeScope(tenantId, badgeUid, scope) {
      const found = await records.setBadgeScope(tenantId, toHex(badgeUid), scope, now());
      requireFound(found, "badge-unknown");
    },
    alarms: (tenantId, limit = PAGE) => records.alarms(tenantId, limit),
    auditRows: (tenantId, limit = PAGE, after = 0) => records.auditRows(tenantId, limit, after),
    verifyAudit: (tenantId) => verifyAudit(context, tenantId),
    publishAuthority: (order) => publishAuthority(context, order),
    publishRelease: (order) => publishRelease(context, order),
    readingsPage: (request) => readingsPage(context, request),
    async followReadings({ after, of = {}, pollMs = FOLLOW_POLL_MS }) {
      const from = after ?? (await records.lastReadingId());
      return context.feed.follow({ after: from, of, pollMs });
    },
    async readings(tenantId, nodeUid, limit = PAGE) {
      const throughId = await records.lastReadingId();
      return records.readings({ tenantId, nodeUid, order: "desc", limit, throughId });
    },
  };
}
