/** Statements for SQLite: nodes that are to take another key, and the keys that they had. */
export const ROTATION_STEP = `
  ALTER TABLE nodes ADD COLUMN rotation_wanted INTEGER NOT NULL DEFAULT 0
    CHECK (rotation_wanted IN (0, 1));
  -- Keys that nodes had before: none of them comes in again.
  CREATE TABLE retired_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    node_pk BLOB NOT NULL,
    node_uid TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, node_pk)
  ) STRICT, WITHOUT ROWID;
  `;
