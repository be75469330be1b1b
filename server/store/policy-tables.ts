/** A step of `MIGRATIONS`: who may pass where and when, and who is where. */
export const POLICY_TABLES = `
  -- Which way a reader lets, and whose a badge is. A badge of nobody goes by its scope, as before.
  ALTER TABLE nodes ADD COLUMN direction TEXT NOT NULL DEFAULT 'in'
    CHECK (direction IN ('in', 'out'));
  ALTER TABLE badges ADD COLUMN person_id TEXT;

  -- Counts the changes of a tenant's rules, people and entitlements.
  CREATE TABLE policy_heads (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants,
    revision INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Sites, zones, schedules and holidays, as JSON: few, and always read together.
  CREATE TABLE policy_rules (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    kind TEXT NOT NULL CHECK (kind IN ('site', 'zone', 'schedule', 'calendar')),
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE people (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    person_id TEXT NOT NULL,
    label TEXT NOT NULL,
    member_of TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'removed')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE entitlements (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    entitlement_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    -- By whom they are for: so they are looked for at each tap, and SQLite chooses no other index.
    PRIMARY KEY (tenant_id, subject, entitlement_id),
    UNIQUE (tenant_id, entitlement_id)
  ) STRICT, WITHOUT ROWID;

  -- Where somebody was seen last; whoever has no row was never seen.
  CREATE TABLE presence (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    subject TEXT NOT NULL,
    zone TEXT NOT NULL,
    inside INTEGER NOT NULL CHECK (inside IN (0, 1)),
    came_at INTEGER,
    PRIMARY KEY (tenant_id, subject, zone)
  ) STRICT, WITHOUT ROWID;

  -- The day for which a zone was opened last by somebody who may.
  CREATE TABLE zone_openings (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    zone TEXT NOT NULL,
    day TEXT NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, zone)
  ) STRICT, WITHOUT ROWID;

  -- How doors are, as far as their nodes have told.
  CREATE TABLE door_states (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    node_uid TEXT NOT NULL,
    name TEXT NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    held INTEGER NOT NULL CHECK (held IN (0, 1)),
    forced INTEGER NOT NULL CHECK (forced IN (0, 1)),
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, node_uid, name)
  ) STRICT, WITHOUT ROWID;
`;
