import { AUDIT, OLD_TELEMETRY, USAGE_AND_TELEMETRY } from "./schema-differences.ts";
import { always, onNetwork, type Step, steps, table } from "./schema-parts.ts";

const READING_VALUES = [
  ...["temperature", "humidity", "pressure", "lat", "lon", "altitude", "voltage"],
  ...['"current"', "power"],
]
  .map((name) => `${name} {real},`)
  .join(" ");

const ONCE = "CHECK (id = 1)";

/**
 * The schema, one step after the other, for all databases. A step that was released is never
 * edited: a database in the field has it already. Times are Unix seconds; UUIDs and chip UIDs are
 * lower-case text; keys are sealed by the vault. On the network there are besides the rows that
 * replicas hold while they give out the next number of something; SQLite counts by itself.
 */
export const SCHEMA: readonly Step[] = Object.freeze([
  steps(
    table(
      "tenants",
      `tenant_id {key} PRIMARY KEY, name {text} NOT NULL,
       registration {key} NOT NULL CHECK (registration IN ('auto', 'token', 'approve')),
       relay_ms {integer} NOT NULL, created_at {integer} NOT NULL`,
    ),
    table(
      "tenant_keys",
      `{tenant}, name {key} NOT NULL, sealed {bytes} NOT NULL, PRIMARY KEY (tenant_id, name)`,
    ),
    table(
      "comm_batches",
      `{tenant}, batch {key} NOT NULL, sealed {bytes} NOT NULL,
       created_at {integer} NOT NULL, PRIMARY KEY (tenant_id, batch)`,
    ),
    table(
      "enrol_tokens",
      `{tenant}, hash {hash} NOT NULL, expires_at {integer} NOT NULL, spent_by {key},
       PRIMARY KEY (tenant_id, hash)`,
    ),
    table(
      "nodes",
      `{tenant}, node_uid {key} NOT NULL, node_type {text} NOT NULL, node_pk {hash} NOT NULL,
       batch {key} NOT NULL,
       status {key} NOT NULL CHECK (status IN ('active', 'pending', 'revoked')),
       label {text}, zone {text}, relay_ms {integer}, created_at {integer} NOT NULL,
       last_seen_at {integer}, health {text},
       PRIMARY KEY (tenant_id, node_uid), UNIQUE (tenant_id, node_pk)`,
    ),
    table(
      "zones",
      `{tenant}, zone {key} NOT NULL, relay_ms {integer} NOT NULL, PRIMARY KEY (tenant_id, zone)`,
    ),
    table(
      "badges",
      `{tenant}, badge_uid {key} NOT NULL, badge_pk {hash} NOT NULL,
       mode {key} NOT NULL CHECK (mode IN ('STD', 'HS')), node_uid {key},
       holder {text} NOT NULL, label {text},
       status {key} DEFAULT 'active' NOT NULL
         CHECK (status IN ('active', 'suspended', 'revoked')),
       scope {text}, read_counter {integer} DEFAULT -1 NOT NULL, created_at {integer} NOT NULL,
       PRIMARY KEY (tenant_id, badge_uid),
       CHECK ((mode = 'HS' AND node_uid IS NOT NULL) OR (mode = 'STD' AND node_uid IS NULL))`,
    ),
    ...AUDIT,
    table(
      "alarms",
      `id {serial} PRIMARY KEY, tenant_id {key} NOT NULL, "at" {integer} NOT NULL,
       kind {key} NOT NULL, badge_uid {key}, node_uid {key}, cause {text} NOT NULL`,
      { rowid: true },
    ),
    always("CREATE INDEX alarms_by_tenant ON alarms (tenant_id, id)"),
    table(
      "operators",
      `token_hash {hash} PRIMARY KEY, name {key} NOT NULL,
       role {key} NOT NULL CHECK (role IN ('admin', 'manager')),
       tenant_id {key}, created_at {integer} NOT NULL,
       FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)`,
    ),
    OLD_TELEMETRY,
  ),
  // The last denial recorded of each run of a reader's program, so that none is recorded twice.
  table(
    "reader_reports",
    `tenant_id {key} NOT NULL, node_uid {key} NOT NULL, boot {key} NOT NULL,
     last_number {integer} NOT NULL, "at" {integer} NOT NULL,
     PRIMARY KEY (tenant_id, node_uid, boot)`,
  ),
  // The journal of work on chips. A row stays for good: no chip gets the same keys twice.
  table(
    "cards",
    `{tenant}, badge_uid {key} NOT NULL, revision {integer} NOT NULL,
     generation {integer} NOT NULL, generation_max {integer} NOT NULL,
     "lock" {key} NOT NULL CHECK ("lock" IN ('open', 'locked', 'for-good')),
     writing {integer} NOT NULL CHECK (writing IN (0, 1)), job {text},
     PRIMARY KEY (tenant_id, badge_uid), CHECK (writing = 0 OR job IS NOT NULL)`,
  ),
  // Where a badge's payload is: in its link (open), or in the chip's protected file (sealed).
  ({ key }) => [
    `ALTER TABLE badges ADD COLUMN profile ${key} DEFAULT 'open' NOT NULL ` +
      "CHECK (profile IN ('open', 'sealed'))",
  ],
  // What nodes report, typed. "at" is when it was measured, or received_at where the node did not
  // know the time. A refused reading has its values in refused_reading only.
  steps(
    table(
      "readings",
      `id {numbered}, tenant_id {key} NOT NULL, node_uid {key} NOT NULL,
       log_id {key}, seq {integer} NOT NULL,
       kind {key} NOT NULL CHECK (kind IN ('telemetry', 'access', 'lost')),
       "at" {integer} NOT NULL, time_known {integer} NOT NULL CHECK (time_known IN (0, 1)),
       received_at {integer} NOT NULL, ${READING_VALUES}
       motion {integer} CHECK (motion IN (0, 1)), badge_uid {key},
       granted {integer} CHECK (granted IN (0, 1)), reason {text}, named {text}, faults {text},
       lost {text}, refused {text}, refused_field {text}, refused_reading {text},
       bytes {integer} NOT NULL`,
      { rowid: true, also: "CHECK ((refused IS NULL) = (refused_reading IS NULL))" },
    ),
    // A NULL is like no other: without a log nothing is a repeat.
    always("CREATE UNIQUE INDEX readings_once ON readings (tenant_id, node_uid, log_id, seq)"),
    always('CREATE INDEX readings_by_node ON readings (tenant_id, node_uid, "at", id)'),
    always('CREATE INDEX readings_by_time ON readings (tenant_id, "at", id)'),
    always("CREATE INDEX readings_by_age ON readings (received_at)"),
    onNetwork(
      steps(
        table("reading_head", `id {integer} PRIMARY KEY ${ONCE}, last {integer} NOT NULL`),
        always("INSERT INTO reading_head (id, last) VALUES (1, 0)"),
      ),
    ),
    table(
      "reading_usage",
      `tenant_id {key} NOT NULL, node_uid {key} NOT NULL, bytes {integer} NOT NULL,
       PRIMARY KEY (tenant_id, node_uid)`,
    ),
    USAGE_AND_TELEMETRY,
  ),
  // How far each MQTT broker has acknowledged what was published.
  table("published", "broker {key} PRIMARY KEY, reading_id {integer} NOT NULL"),
  // Which key-encryption key the tenants' keys are sealed under, by its id, and which one it takes
  // over from while they are sealed anew. One row.
  table(
    "vault",
    `id {integer} PRIMARY KEY ${ONCE}, active {key} NOT NULL,
     retiring {key} CHECK (retiring <> active)`,
    { rowid: true },
  ),
  // The identity that stands behind a tenant, with its claims (docs/claims.md): public, unchecked.
  steps(
    table(
      "authorities",
      `{tenant}, identity_id {text} NOT NULL, graph {text} NOT NULL,
       requires_delegation {integer} NOT NULL CHECK (requires_delegation IN (0, 1)),
       revision {integer} NOT NULL, PRIMARY KEY (tenant_id)`,
    ),
    // When this server first saw a claim, in milliseconds: a stolen key writes earlier dates.
    table(
      "claims_seen",
      `{tenant}, claim_id {key} NOT NULL, seen_ms {integer} NOT NULL,
       PRIMARY KEY (tenant_id, claim_id)`,
    ),
    table(
      "releases",
      `{tenant}, product {key} NOT NULL, release_id {key} NOT NULL, version {text} NOT NULL,
       security_version {integer} NOT NULL, manifest {bytes} NOT NULL, image {bytes} NOT NULL,
       published_at {integer} NOT NULL, PRIMARY KEY (tenant_id, product)`,
      { rowid: true },
    ),
    // Nodes that tried a release and went back: it is not offered to them again.
    table(
      "release_reversals",
      `tenant_id {key} NOT NULL, node_uid {key} NOT NULL, release_id {key} NOT NULL,
       PRIMARY KEY (tenant_id, node_uid, release_id)`,
    ),
  ),
  // Operators with four roles; a check that is in a table cannot be changed, so it is a new one.
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
    // Counts the changes of a tenant's rules, people and entitlements.
    table("policy_heads", `{tenant}, revision {integer} NOT NULL, PRIMARY KEY (tenant_id)`),
    // Sites, zones, schedules and holidays, as JSON: few, and always read together.
    table(
      "policy_rules",
      `{tenant}, kind {key} NOT NULL CHECK (kind IN ('site', 'zone', 'schedule', 'calendar')),
       name {key} NOT NULL, body {text} NOT NULL, PRIMARY KEY (tenant_id, kind, name)`,
    ),
    table(
      "people",
      `{tenant}, person_id {key} NOT NULL, label {text} NOT NULL, member_of {text} NOT NULL,
       status {key} NOT NULL CHECK (status IN ('active', 'suspended', 'removed')),
       created_at {integer} NOT NULL, PRIMARY KEY (tenant_id, person_id)`,
    ),
    // By whom they are for: so they are looked for at each tap, and SQLite chooses no other index.
    table(
      "entitlements",
      `{tenant}, entitlement_id {key} NOT NULL, subject {key} NOT NULL, body {text} NOT NULL,
       PRIMARY KEY (tenant_id, subject, entitlement_id), UNIQUE (tenant_id, entitlement_id)`,
    ),
    // Where somebody was seen last; whoever has no row was never seen.
    table(
      "presence",
      `{tenant}, subject {key} NOT NULL, zone {key} NOT NULL,
       inside {integer} NOT NULL CHECK (inside IN (0, 1)), came_at {integer},
       PRIMARY KEY (tenant_id, subject, zone)`,
    ),
    table(
      "zone_openings",
      `{tenant}, zone {key} NOT NULL, day {key} NOT NULL, subject {key} NOT NULL,
       "at" {integer} NOT NULL, PRIMARY KEY (tenant_id, zone)`,
    ),
    table(
      "door_states",
      `{tenant}, node_uid {key} NOT NULL, name {key} NOT NULL,
       is_open {integer} NOT NULL CHECK (is_open IN (0, 1)),
       held {integer} NOT NULL CHECK (held IN (0, 1)),
       forced {integer} NOT NULL CHECK (forced IN (0, 1)), changed_at {integer} NOT NULL,
       PRIMARY KEY (tenant_id, node_uid, name)`,
    ),
  ),
  steps(
    table(
      "mandates",
      `{tenant}, mandate_id {key} NOT NULL, number {text} NOT NULL, country {key} NOT NULL,
       court {text} NOT NULL, identity_hash {key} NOT NULL, salt {hash} NOT NULL,
       registered_at {integer} NOT NULL, registered_by {key} NOT NULL,
       window_ends_at {integer} NOT NULL,
       state {key} NOT NULL CHECK (state IN ('open', 'collected', 'expired', 'withdrawn')),
       closed_at {integer}, sealed_export {bytes}, PRIMARY KEY (tenant_id, mandate_id),
       CHECK ((state = 'open' AND sealed_export IS NOT NULL AND closed_at IS NULL)
         OR (state <> 'open' AND sealed_export IS NULL AND closed_at IS NOT NULL))`,
      { rowid: true },
    ),
    always("CREATE INDEX mandates_by_window ON mandates (state, window_ends_at)"),
  ),
  steps(
    // People: accounts and their pairwise identifiers, found by an HMAC and sealed: a stolen
    // database says neither who is who nor which identifiers are one person's.
    table(
      "human_accounts",
      `{tenant}, account {hash} NOT NULL, sealed {bytes} NOT NULL, revision {integer} NOT NULL,
       PRIMARY KEY (tenant_id, account)`,
    ),
    table(
      "human_identifiers",
      `{tenant}, did {hash} NOT NULL, sealed {bytes} NOT NULL, PRIMARY KEY (tenant_id, did)`,
    ),
    // Entries of status lists that credentials have; what is not here is free.
    table(
      "human_statuses",
      `{tenant}, list {integer} NOT NULL, idx {integer} NOT NULL, value {integer} NOT NULL,
       PRIMARY KEY (tenant_id, list, idx)`,
    ),
  ),
  steps(
    ({ integer }) => [
      `ALTER TABLE nodes ADD COLUMN rotation_wanted ${integer} DEFAULT 0 NOT NULL ` +
        "CHECK (rotation_wanted IN (0, 1))",
    ],
    // Keys that nodes had before: none of them comes in again.
    table(
      "retired_keys",
      `{tenant}, node_pk {hash} NOT NULL, node_uid {key} NOT NULL, "at" {integer} NOT NULL,
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
      `{tenant}, part {key} NOT NULL CHECK (part IN ('graph', 'manifest', 'image')),
       sha256 {key} NOT NULL, position {integer} NOT NULL, data {bytes} NOT NULL,
       "at" {integer} NOT NULL, PRIMARY KEY (tenant_id, part, position)`,
      { rowid: true },
    ),
  ),
]);
