/** Statements for SQLite: what operators send in pieces, one of each part, till it is published. */
export const UPLOADS_STEP = `
  CREATE TABLE uploads (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    part TEXT NOT NULL CHECK (part IN ('graph', 'manifest', 'image')),
    sha256 TEXT NOT NULL,
    position INTEGER NOT NULL,
    data BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, part, position)
  ) STRICT;
  `;
