import type { Generated } from "kysely";
import type { BadgeMode } from "../../../protocol/badge/payload.ts";
import type { BadgeProfile } from "../../../protocol/badge/sealed-link.ts";
import type { Direction } from "../../policy/passage.ts";
import type { RuleKind } from "../../policy/rules.ts";
import type { Role } from "../../roles.ts";
import type { CardLock } from "../card-rows.ts";
import type { MandateState } from "../mandates.ts";
import type { PersonStatus } from "../policies.ts";
import type { BadgeStatus, NodeStatus, RegistrationPolicy } from "../records.ts";
import type { UploadPart } from "../uploads.ts";

type Bytes = Uint8Array;

/** The tables and columns of the schema, as the query layer checks them. */
export interface Tables {
  tenants: {
    tenant_id: string;
    name: string;
    registration: RegistrationPolicy;
    relay_ms: number;
    created_at: number;
  };
  tenant_keys: { tenant_id: string; name: string; sealed: Bytes };
  comm_batches: { tenant_id: string; batch: string; sealed: Bytes; created_at: number };
  enrol_tokens: { tenant_id: string; hash: Bytes; expires_at: number; spent_by: string | null };
  nodes: {
    tenant_id: string;
    node_uid: string;
    node_type: string;
    node_pk: Bytes;
    batch: string;
    status: NodeStatus;
    label: string | null;
    zone: string | null;
    relay_ms: number | null;
    created_at: number;
    last_seen_at: number | null;
    health: string | null;
    direction: Generated<Direction>;
    rotation_wanted: Generated<number>;
  };
  retired_keys: { tenant_id: string; node_pk: Bytes; node_uid: string; at: number };
  zones: { tenant_id: string; zone: string; relay_ms: number };
  badges: {
    tenant_id: string;
    badge_uid: string;
    badge_pk: Bytes;
    mode: BadgeMode;
    node_uid: string | null;
    holder: string;
    label: string | null;
    status: BadgeStatus;
    scope: string | null;
    read_counter: number;
    created_at: number;
    profile: BadgeProfile;
    person_id: string | null;
  };
  /** Whoever changes a tenant's rules or decides by them holds this row until it is durable. */
  policy_heads: { tenant_id: string; revision: number };
  policy_rules: { tenant_id: string; kind: RuleKind; name: string; body: string };
  people: {
    tenant_id: string;
    person_id: string;
    label: string;
    member_of: string;
    status: PersonStatus;
    created_at: number;
  };
  entitlements: { tenant_id: string; entitlement_id: string; subject: string; body: string };
  presence: {
    tenant_id: string;
    subject: string;
    zone: string;
    inside: number;
    came_at: number | null;
  };
  door_states: {
    tenant_id: string;
    node_uid: string;
    name: string;
    is_open: number;
    held: number;
    forced: number;
    changed_at: number;
    log_id: string | null;
    seq: number | null;
  };
  zone_openings: { tenant_id: string; zone: string; day: string; subject: string; at: number };
  audit: {
    tenant_id: string;
    seq: number;
    at: number;
    kind: string;
    data: string;
    previous_hash: Bytes;
    hash: Bytes;
  };
  /** The last row of each tenant's chain: whoever appends holds this row until it is durable. */
  audit_heads: { tenant_id: string; seq: number; hash: Bytes };
  alarms: {
    id: Generated<number>;
    tenant_id: string;
    at: number;
    kind: string;
    badge_uid: string | null;
    node_uid: string | null;
    cause: string;
  };
  operator_tokens: {
    token_hash: Bytes;
    name: string;
    role: Role;
    tenant_id: string | null;
    created_at: number;
  };
  mandates: {
    tenant_id: string;
    mandate_id: string;
    number: string;
    country: string;
    court: string;
    identity_hash: string;
    salt: Bytes;
    registered_at: number;
    registered_by: string;
    window_ends_at: number;
    state: MandateState;
    closed_at: number | null;
    sealed_export: Bytes | null;
  };
  reader_reports: {
    tenant_id: string;
    node_uid: string;
    boot: string;
    last_number: number;
    at: number;
  };
  cards: {
    tenant_id: string;
    badge_uid: string;
    revision: number;
    generation: number;
    generation_max: number;
    lock: CardLock;
    writing: number;
    job: string | null;
  };
  readings: ReadingColumns;
  /** The highest id given to a reading: whoever stores one holds this row. One row. */
  reading_head: { id: number; last: number };
  reading_usage: { tenant_id: string; node_uid: string; bytes: number };
  published: { broker: string; reading_id: number };
  vault: { id: number; active: string; retiring: string | null };
  authorities: {
    tenant_id: string;
    identity_id: string;
    graph: string;
    requires_delegation: number;
    revision: number;
  };
  claims_seen: { tenant_id: string; claim_id: string; seen_ms: number };
  releases: {
    tenant_id: string;
    product: string;
    release_id: string;
    version: string;
    security_version: number;
    manifest: Bytes;
    image: Bytes;
    published_at: number;
  };
  uploads: {
    tenant_id: string;
    part: UploadPart;
    sha256: string;
    position: number;
    data: Bytes;
    at: number;
  };
  release_reversals: { tenant_id: string; node_uid: string; release_id: string };
  human_accounts: { tenant_id: string; account: Bytes; sealed: Bytes; revision: number };
  human_identifiers: { tenant_id: string; did: Bytes; sealed: Bytes };
  human_statuses: { tenant_id: string; list: number; idx: number; value: number };
}

interface ReadingColumns {
  id: number;
  tenant_id: string;
  node_uid: string;
  log_id: string | null;
  seq: number;
  kind: string;
  at: number;
  time_known: number;
  received_at: number;
  temperature: number | null;
  humidity: number | null;
  pressure: number | null;
  lat: number | null;
  lon: number | null;
  altitude: number | null;
  voltage: number | null;
  current: number | null;
  power: number | null;
  motion: number | null;
  badge_uid: string | null;
  granted: number | null;
  reason: string | null;
  named: string | null;
  faults: string | null;
  lost: string | null;
  refused: string | null;
  refused_field: string | null;
  refused_reading: string | null;
  bytes: number;
}
