import type { ColumnTypes } from "./flavour.ts";

type Step = (types: ColumnTypes) => readonly string[];

/** Placeholders stand for what the databases call differently; see `ColumnTypes`. */
function table(name: string, columns: string): Step {
  return (types) => {
    const named = columns.replace(/\{(\w+)\}/g, (_, type: keyof ColumnTypes) => types[type]);
    return [`CREATE TABLE ${name} (${named.replace(/\s+/g, " ").trim()}) ${types.end}`.trim()];
  };
}

const index =
  (text: string): Step =>
  () => [`CREATE ${text}`];

const steps =
  (...parts: readonly Step[]): Step =>
  (types) =>
    parts.flatMap((part) => part(types));

const READING_VALUES = [
  ...["temperature", "humidity", "pressure", "lat", "lon", "altitude", "voltage"],
  ...['"current"', "power"],
]
  .map((name) => `${name} {real},`)
  .join(" ");

/** Of the table: MySQL reads past one that stands with its column. */
const TENANT = "tenant_id {key} NOT NULL, FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)";
const ONCE = "CHECK (id = 1)";

/**
 * The schema of databases on the network, by the same numbers as that of SQLite (`MIGRATIONS`):
 * a step here is what that step is there. A step that was released is never edited. What is kept
 * besides: the rows that replicas hold while they give out the next number of something.
 */
export const SQL_STEPS: readonly Step[] = Object.freeze([
  steps(
    table(
      "tenants",
      `tenant_id {key} PRIMARY KEY, name {text} NOT NULL,
       registration {key} NOT NULL CHECK (registration IN ('auto', 'token', 'approve')),
       relay_ms {integer} NOT NULL, created_at {integer} NOT NULL`,
    ),
    table(
      "tenant_keys",
      `${TENANT}, name {key} NOT NULL, sealed {bytes} NOT NULL, PRIMARY KEY (tenant_id, name)`,
    ),
    table(
      "comm_batches",
      `${TENANT}, batch {key} NOT NULL, sealed {bytes} NOT NULL,
       created_at {integer} NOT NULL, PRIMARY KEY (tenant_id, batch)`,
    ),
    table(
      "enrol_tokens",
      `${TENANT}, hash {hash} NOT NULL, expires_at {integer} NOT NULL, spent_by {key},
       PRIMARY KEY (tenant_id, hash)`,
    ),
    table(
      "nodes",
      `${TENANT}, node_uid {key} NOT NULL, node_type {text} NOT NULL, node_pk {hash} NOT NULL,
       batch {key} NOT NULL,
       status {key} NOT NULL CHECK (status IN ('active', 'pending', 'revoked')),
       label {text}, zone {text}, relay_ms {integer}, created_at {integer} NOT NULL,
       last_seen_at {integer}, health {text},
       PRIMARY KEY (tenant_id, node_uid), UNIQUE (tenant_id, node_pk)`,
    ),
    table(
      "zones",
      `${TENANT}, zone {key} NOT NULL, relay_ms {integer} NOT NULL, PRIMARY KEY (tenant_id, zone)`,
    ),
    table(
      "badges",
      `${TENANT}, badge_uid {key} NOT NULL, badge_pk {hash} NOT NULL,
       mode {key} NOT NULL CHECK (mode IN ('STD', 'HS')), node_uid {key},
       holder {text} NOT NULL, label {text},
       status {key} DEFAULT 'active' NOT NULL
         CHECK (status IN ('active', 'suspended', 'revoked')),
       scope {text}, read_counter {integer} DEFAULT -1 NOT NULL, created_at {integer} NOT NULL,
       PRIMARY KEY (tenant_id, badge_uid),
       CHECK ((mode = 'HS' AND node_uid IS NOT NULL) OR (mode = 'STD' AND node_uid IS NULL))`,
    ),
    table(
      "audit",
      `tenant_id {key} NOT NULL, seq {integer} NOT NULL, "at" {integer} NOT NULL,
       kind {key} NOT NULL, data {text} NOT NULL, previous_hash {hash} NOT NULL,
       hash {hash} NOT NULL, PRIMARY KEY (tenant_id, seq)`,
    ),
    table(
      "audit_heads",
      "tenant_id {key} PRIMARY KEY, seq {integer} NOT NULL, hash {hash} NOT NULL",
    ),
    table(
      "alarms",
      `id {serial} PRIMARY KEY, tenant_id {key} NOT NULL, "at" {integer} NOT NULL,
       kind {key} NOT NULL, badge_uid {key}, node_uid {key}, cause {text} NOT NULL`,
    ),
    index("INDEX alarms_by_tenant ON alarms (tenant_id, id)"),
    table(
      "operators",
      `token_hash {hash} PRIMARY KEY, name {key} NOT NULL,
       role {key} NOT NULL CHECK (role IN ('admin', 'manager')),
       tenant_id {key}, created_at {integer} NOT NULL,
       FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)`,
    ),
  ),
  table(
    "reader_reports",
    `tenant_id {key} NOT NULL, node_uid {key} NOT NULL, boot {key} NOT NULL,
     last_number {integer} NOT NULL, "at" {integer} NOT NULL,
     PRIMARY KEY (tenant_id, node_uid, boot)`,
  ),
  table(
    "cards",
    `${TENANT}, badge_uid {key} NOT NULL, revision {integer} NOT NULL,
     generation {integer} NOT NULL, generation_max {integer} NOT NULL,
     "lock" {key} NOT NULL CHECK ("lock" IN ('open', 'locked', 'for-good')),
     writing {integer} NOT NULL CHECK (writing IN (0, 1)), job {text},
     PRIMARY KEY (tenant_id, badge_uid), CHECK (writing = 0 OR job IS NOT NULL)`,
  ),
  ({ key }) => [
    `ALTER TABLE badges ADD COLUMN profile ${key} DEFAULT 'open' NOT NULL ` +
      "CHECK (profile IN ('open', 'sealed'))",
  ],
  steps(
    table(
      "readings",
      `id {integer} PRIMARY KEY, tenant_id {key} NOT NULL, node_uid {key} NOT NULL,
       log_id {key}, seq {integer} NOT NULL,
       kind {key} NOT NULL CHECK (kind IN ('telemetry', 'access', 'lost')),
       "at" {integer} NOT NULL, time_known {integer} NOT NULL CHECK (time_known IN (0, 1)),
       received_at {integer} NOT NULL, ${READING_VALUES}
       motion {integer} CHECK (motion IN (0, 1)), badge_uid {key},
       granted {integer} CHECK (granted IN (0, 1)), reason {text}, named {text}, faults {text},
       lost {text}, refused {text}, refused_field {text}, refused_reading {text},
       bytes {integer} NOT NULL`,
    ),
    index("UNIQUE INDEX readings_once ON readings (tenant_id, node_uid, log_id, seq)"),
    index('INDEX readings_by_node ON readings (tenant_id, node_uid, "at", id)'),
    index('INDEX readings_by_time ON readings (tenant_id, "at", id)'),
    index("INDEX readings_by_age ON readings (received_at)"),
    table("reading_head", `id {integer} PRIMARY KEY ${ONCE}, last {integer} NOT NULL`),
    () => ["INSERT INTO reading_head (id, last) VALUES (1, 0)"],
    table(
      "reading_usage",
      `tenant_id {key} NOT NULL, node_uid {key} NOT NULL, bytes {integer} NOT NULL,
       PRIMARY KEY (tenant_id, node_uid)`,
    ),
  ),
  table("published", "broker {key} PRIMARY KEY, reading_id {integer} NOT NULL"),
  table(
    "vault",
    `id {integer} PRIMARY KEY ${ONCE}, active {key} NOT NULL,
     retiring {key} CHECK (retiring <> active)`,
  ),
  steps(
    table(
      "authorities",
      `${TENANT}, identity_id {text} NOT NULL, graph {text} NOT NULL,
       requires_delegation {integer} NOT NULL CHECK (requires_delegation IN (0, 1)),
       revision {integer} NOT NULL, PRIMARY KEY (tenant_id)`,
    ),
    table(
      "claims_seen",
      `${TENANT}, claim_id {key} NOT NULL, seen_ms {integer} NOT NULL,
       PRIMARY KEY (tenant_id, claim_id)`,
    ),
    table(
      "releases",
      `${TENANT}, product {key} NOT NULL, release_id {key} NOT NULL, version {text} NOT NULL,
       security_version {integer} NOT NULL, manifest {bytes} NOT NULL, image {bytes} NOT NULL,
       published_at {integer} NOT NULL, PRIMARY KEY (tenant_id, product)`,
    ),
    table(
      "release_reversals",
      `tenant_id {key} NOT NULL, node_uid {key} NOT NULL, release_id {key} NOT NULL,
       PRIMARY KEY (tenant_id, node_uid, release_id)`,
    ),
  ),
  steps(
    table(
      "operator_tokens",
      `token_hash {hash} PRIMARY KEY, name {key} NOT NULL,
       role {key} NOT NULL CHECK (role IN ('admin', 'manager', 'operator', 'auditor')),
       tenant_id {key}, created_at {integer} NOT NULL,
       FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)`,
    ),
    () => [
      "INSERT INTO operator_tokens (token_hash, name, role, tenant_id, created_at) " +
        "SELECT token_hash, name, role, tenant_id, created_at FROM operators",
      "DROP TABLE IF EXISTS operators",
    ],
  ),
  steps(
    ({ key }) => [
      `ALTER TABLE nodes ADD COLUMN direction ${key} DEFAULT 'in' NOT NULL ` +
        "CHECK (direction IN ('in', 'out'))",
      `ALTER TABLE badges ADD COLUMN person_id ${key}`,
    ],
    table("policy_heads", `${TENANT}, revision {integer} NOT NULL, PRIMARY KEY (tenant_id)`),
    table(
      "policy_rules",
      `${TENANT}, kind {key} NOT NULL CHECK (kind IN ('site', 'zone', 'schedule', 'calendar')),
       name {key} NOT NULL, body {text} NOT NULL, PRIMARY KEY (tenant_id, kind, name)`,
    ),
    table(
      "people",
      `${TENANT}, person_id {key} NOT NULL, label {text} NOT NULL, member_of {text} NOT NULL,
       status {key} NOT NULL CHECK (status IN ('active', 'suspended', 'removed')),
       created_at {integer} NOT NULL, PRIMARY KEY (tenant_id, person_id)`,
    ),
    table(
      "entitlements",
      `${TENANT}, entitlement_id {key} NOT NULL, subject {key} NOT NULL, body {text} NOT NULL,
       PRIMARY KEY (tenant_id, subject, entitlement_id), UNIQUE (tenant_id, entitlement_id)`,
    ),
    table(
      "presence",
      `${TENANT}, subject {key} NOT NULL, zone {key} NOT NULL,
       inside {integer} NOT NULL CHECK (inside IN (0, 1)), came_at {integer},
       PRIMARY KEY (tenant_id, subject, zone)`,
    ),
    table(
      "zone_openings",
      `${TENANT}, zone {key} NOT NULL, day {key} NOT NULL, subject {key} NOT NULL,
       "at" {integer} NOT NULL, PRIMARY KEY (tenant_id, zone)`,
    ),
    table(
      "door_states",
      `${TENANT}, node_uid {key} NOT NULL, name {key} NOT NULL,
       is_open {integer} NOT NULL CHECK (is_open IN (0, 1)),
       held {integer} NOT NULL CHECK (held IN (0, 1)),
       forced {integer} NOT NULL CHECK (forced IN (0, 1)), changed_at {integer} NOT NULL,
       PRIMARY KEY (tenant_id, node_uid, name)`,
    ),
  ),
  steps(
    table(
      "mandates",
      `${TENANT}, mandate_id {key} NOT NULL, number {text} NOT NULL, country {key} NOT NULL,
       court {text} NOT NULL, identity_hash {key} NOT NULL, salt {hash} NOT NULL,
       registered_at {integer} NOT NULL, registered_by {key} NOT NULL,
       window_ends_at {integer} NOT NULL,
       state {key} NOT NULL CHECK (state IN ('open', 'collected', 'expired', 'withdrawn')),
       closed_at {integer}, sealed_export {bytes}, PRIMARY KEY (tenant_id, mandate_id),
       CHECK ((state = 'open' AND sealed_export IS NOT NULL AND closed_at IS NULL)
         OR (state <> 'open' AND sealed_export IS NULL AND closed_at IS NOT NULL))`,
    ),
    index("INDEX mandates_by_window ON mandates (state, window_ends_at)"),
  ),
  steps(
    table(
      "human_accounts",
      `${TENANT}, account {hash} NOT NULL, sealed {bytes} NOT NULL, revision {integer} NOT NULL,
       PRIMARY KEY (tenant_id, account)`,
    ),
    table(
      "human_identifiers",
      `${TENANT}, did {hash} NOT NULL, sealed {bytes} NOT NULL, PRIMARY KEY (tenant_id, did)`,
    ),
    table(
      "human_statuses",
      `${TENANT}, list {integer} NOT NULL, idx {integer} NOT NULL, value {integer} NOT NULL,
       PRIMARY KEY (tenant_id, list, idx)`,
    ),
  ),
  steps(
    ({ integer }) => [
      `ALTER TABLE nodes ADD COLUMN rotation_wanted ${integer} DEFAULT 0 NOT NULL ` +
        "CHECK (rotation_wanted IN (0, 1))",
    ],
    table(
      "retired_keys",
      `${TENANT}, node_pk {hash} NOT NULL, node_uid {key} NOT NULL, "at" {integer} NOT NULL,
       PRIMARY KEY (tenant_id, node_pk)`,
    ),
  ),
  steps(({ key, integer }) => [
    `ALTER TABLE door_states ADD COLUMN log_id ${key}`,
    `ALTER TABLE door_states ADD COLUMN seq ${integer}`,
  ]),
  steps(
    table(
      "uploads",
      `${TENANT}, part {key} NOT NULL CHECK (part IN ('graph', 'manifest', 'image')),
       sha256 {key} NOT NULL, position {integer} NOT NULL, data {bytes} NOT NULL,
       "at" {integer} NOT NULL, PRIMARY KEY (tenant_id, part, position)`,
    ),
  ),
]);

/** Tables that are only added to, also by ourselves. */
export const APPEND_ONLY: readonly string[] = ["audit"];
