import { HUMAN_TABLES } from "./human-tables.ts";
import { MANDATES_STEP } from "./mandates.ts";
import { POLICY_TABLES } from "./policy-tables.ts";
import { ROTATION_STEP } from "./rotation-step.ts";
import { UPLOADS_STEP } from "./uploads-step.ts";

/**
 * The schema, one step after the other; `PRAGMA user_version` counts those taken. A step that was
 * released is never edited: a database in the field has it already.
 * Times are Unix seconds; UUIDs and chip UIDs are lower-case text; keys are sealed by the vault.
 */
export const MIGRATIONS: readonly string[] = Object.freeze([
  `
  CREATE TABLE tenants (
    tenant_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    registration TEXT NOT NULL CHECK (registration IN ('auto', 'token', 'approve')),
    relay_ms INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tenant_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (tenant_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE comm_batches (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    batch TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, batch)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE enrol_tokens (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_by TEXT,
    PRIMARY KEY (tenant_id, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE nodes (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    node_uid TEXT NOT NULL,
    node_type TEXT NOT NULL,
    node_pk BLOB NOT NULL,
    batch TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'pending', 'revoked')),
    label TEXT,
    zone TEXT,
    relay_ms INTEGER,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    health TEXT,
    PRIMARY KEY (tenant_id, node_uid),
    UNIQUE (tenant_id, node_pk)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE zones (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    zone TEXT NOT NULL,
    relay_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, zone)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE badges (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    badge_uid TEXT NOT NULL,
    badge_pk BLOB NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('STD', 'HS')),
    node_uid TEXT CHECK ((mode = 'HS') = (node_uid IS NOT NULL)),
    holder TEXT NOT NULL,
    label TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'revoked')),
    scope TEXT,
    read_counter INTEGER NOT NULL DEFAULT -1,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, badge_uid)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_tenant ON audit (tenant_id, seq);
  -- Append-only, also for ourselves.
  CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

  CREATE TABLE alarms (
    id INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    badge_uid TEXT,
    node_uid TEXT,
    cause TEXT NOT NULL
  ) STRICT;
  CREATE INDEX alarms_by_tenant ON alarms (tenant_id, id);

  CREATE TABLE operators (
    token_hash BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager')),
    tenant_id TEXT REFERENCES tenants,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE telemetry (
    id INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    at INTEGER NOT NULL,
    request TEXT NOT NULL,
    payload TEXT NOT NULL
  ) STRICT;
  CREATE INDEX telemetry_by_node ON telemetry (tenant_id, node_uid, id);
  CREATE INDEX telemetry_by_time ON telemetry (at);
  `,
  `
  -- The last denial recorded of each run of a reader's program, so that none is recorded twice.
  CREATE TABLE reader_reports (
    tenant_id TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    boot TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, node_uid, boot)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The journal of work on chips. A row stays for good: no chip gets the same keys twice.
  CREATE TABLE cards (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    badge_uid TEXT NOT NULL,
    revision INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    generation_max INTEGER NOT NULL,
    lock TEXT NOT NULL CHECK (lock IN ('open', 'locked', 'for-good')),
    writing INTEGER NOT NULL CHECK (writing IN (0, 1)),
    job TEXT,
    PRIMARY KEY (tenant_id, badge_uid),
    CHECK (writing = 0 OR job IS NOT NULL)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Where a badge's payload is: in its link (open), or in the chip's protected file (sealed).
  ALTER TABLE badges ADD COLUMN profile TEXT NOT NULL DEFAULT 'open'
    CHECK (profile IN ('open', 'sealed'));
  `,
  `
  -- What nodes report, typed. "at" is when it was measured, or received_at where the node did not
  -- know the time. A refused reading has its values in refused_reading only.
  CREATE TABLE readings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    log_id TEXT,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('telemetry', 'access', 'lost')),
    at INTEGER NOT NULL,
    time_known INTEGER NOT NULL CHECK (time_known IN (0, 1)),
    received_at INTEGER NOT NULL,
    temperature REAL,
    humidity REAL,
    pressure REAL,
    lat REAL,
    lon REAL,
    altitude REAL,
    voltage REAL,
    current REAL,
    power REAL,
    motion INTEGER CHECK (motion IN (0, 1)),
    badge_uid TEXT,
    granted INTEGER CHECK (granted IN (0, 1)),
    reason TEXT,
    named TEXT,
    faults TEXT,
    lost TEXT,
    refused TEXT,
    refused_field TEXT,
    refused_reading TEXT,
    bytes INTEGER NOT NULL,
    CHECK ((refused IS NULL) = (refused_reading IS NULL))
  ) STRICT;
  -- A NULL is like no other: without a log nothing is a repeat.
  CREATE UNIQUE INDEX readings_once ON readings (tenant_id, node_uid, log_id, seq);
  CREATE INDEX readings_by_node ON readings (tenant_id, node_uid, at, id);
  CREATE INDEX readings_by_time ON readings (tenant_id, at, id);
  CREATE INDEX readings_by_age ON readings (received_at);

  -- What each node's rows take, kept up by the database itself.
  CREATE TABLE reading_usage (
    tenant_id TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, node_uid)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER readings_added AFTER INSERT ON readings BEGIN
    INSERT INTO reading_usage VALUES (new.tenant_id, new.node_uid, new.bytes)
      ON CONFLICT (tenant_id, node_uid) DO UPDATE SET bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER readings_removed AFTER DELETE ON readings BEGIN
    UPDATE reading_usage SET bytes = bytes - old.bytes
      WHERE tenant_id = old.tenant_id AND node_uid = old.node_uid;
  END;

  -- What came before readings had a form: kept for its time as what it is, and counted as nothing.
  INSERT INTO readings (tenant_id, node_uid, seq, kind, at, time_known, received_at,
      refused, refused_field, refused_reading, bytes)
    SELECT tenant_id, node_uid, 0, 'telemetry', at, 0, at, 'malformed', 'body', payload,
      length(payload) + 460 FROM telemetry ORDER BY id;
  DROP TABLE telemetry;
  `,
  `
  -- How far each MQTT broker has acknowledged what was published.
  CREATE TABLE published (
    broker TEXT PRIMARY KEY,
    reading_id INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Which key-encryption key the tenants' keys are sealed under, by its id, and which one it takes
  -- over from while they are sealed anew. One row.
  CREATE TABLE vault (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    active TEXT NOT NULL,
    retiring TEXT CHECK (retiring <> active)
  ) STRICT;
    `,
  `
  -- The identity that stands behind a tenant, with its claims (docs/claims.md): public, unchecked.
  CREATE TABLE authorities (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants,
    identity_id TEXT NOT NULL,
    graph TEXT NOT NULL,
    requires_delegation INTEGER NOT NULL CHECK (requires_delegation IN (0, 1)),
    revision INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- When this server first saw a claim, in milliseconds: a stolen key writes earlier dates.
  CREATE TABLE claims_seen (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    claim_id TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, claim_id)
  ) STRICT, WITHOUT ROWID;

  -- The newest image of each product.
  CREATE TABLE releases (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    product TEXT NOT NULL,
    release_id TEXT NOT NULL,
    version TEXT NOT NULL,
    security_version INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    image BLOB NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, product)
  ) STRICT;

  -- Nodes that tried a release and went back: it is not offered to them again.
  CREATE TABLE release_reversals (
    tenant_id TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    release_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, node_uid, release_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Operators with four roles; a check that is in a table cannot be changed, so it is a new one.
  -- Admins and managers stay what they are.
  CREATE TABLE operator_tokens (
    token_hash BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'operator', 'auditor')),
    tenant_id TEXT REFERENCES tenants,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO operator_tokens SELECT token_hash, name, role, tenant_id, created_at FROM operators;
  DROP TABLE operators;
  `,
  POLICY_TABLES,
  MANDATES_STEP,
  HUMAN_TABLES,
  ROTATION_STEP,
  "ALTER TABLE door_states ADD COLUMN log_id TEXT; ALTER TABLE door_states ADD COLUMN seq INTEGER",
  UPLOADS_STEP,
]);
