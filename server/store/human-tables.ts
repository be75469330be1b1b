/** The step of `MIGRATIONS` that is about people; as released, it is never edited. */
export const HUMAN_TABLES = `
  -- People: accounts and their pairwise identifiers, found by an HMAC and sealed, so that a stolen
  -- database says neither who is who nor which identifiers are one person's.
  CREATE TABLE human_accounts (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    account BLOB NOT NULL,
    sealed BLOB NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, account)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE human_identifiers (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    did BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (tenant_id, did)
  ) STRICT, WITHOUT ROWID;

  -- Entries of status lists that credentials have; what is not here is free.
  CREATE TABLE human_statuses (
    tenant_id TEXT NOT NULL REFERENCES tenants,
    list INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, list, idx)
  ) STRICT, WITHOUT ROWID;
  `;
