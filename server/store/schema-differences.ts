import { inFile, onNetwork, type Step, table } from "./schema-parts.ts";

/**
 * The audit log. On the network each tenant has numbers of its own, and a row that whoever appends
 * holds until it is durable; in a file the rows of all have one number after the other.
 */
export const AUDIT: readonly Step[] = [
  onNetwork(
    table(
      "audit",
      `tenant_id {key} NOT NULL, seq {integer} NOT NULL, "at" {integer} NOT NULL,
       kind {key} NOT NULL, data {text} NOT NULL, previous_hash {hash} NOT NULL,
       hash {hash} NOT NULL, PRIMARY KEY (tenant_id, seq)`,
    ),
  ),
  onNetwork(
    table(
      "audit_heads",
      "tenant_id {key} PRIMARY KEY, seq {integer} NOT NULL, hash {hash} NOT NULL",
    ),
  ),
  inFile(
    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, at INTEGER NOT NULL, " +
      "kind TEXT NOT NULL, data TEXT NOT NULL, previous_hash BLOB NOT NULL, hash BLOB NOT NULL) " +
      "STRICT",
    "CREATE INDEX audit_by_tenant ON audit (tenant_id, seq)",
    // Append-only, also for ourselves.
    ...["UPDATE", "DELETE"].map(
      (change) =>
        `CREATE TRIGGER audit_no_${change.toLowerCase()} BEFORE ${change} ON audit ` +
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    ),
  ),
];

/** What came before readings had a form. */
export const OLD_TELEMETRY: Step = inFile(
  "CREATE TABLE telemetry (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, " +
    "node_uid TEXT NOT NULL, at INTEGER NOT NULL, request TEXT NOT NULL, payload TEXT NOT NULL) " +
    "STRICT",
  "CREATE INDEX telemetry_by_node ON telemetry (tenant_id, node_uid, id)",
  "CREATE INDEX telemetry_by_time ON telemetry (at)",
);

/**
 * What each node's rows take, kept up by SQLite itself; and the old telemetry, kept for its time as
 * what it is, and counted as nothing.
 */
export const USAGE_AND_TELEMETRY: Step = inFile(
  `CREATE TRIGGER readings_added AFTER INSERT ON readings BEGIN
    INSERT INTO reading_usage VALUES (new.tenant_id, new.node_uid, new.bytes)
      ON CONFLICT (tenant_id, node_uid) DO UPDATE SET bytes = bytes + excluded.bytes;
  END`,
  `CREATE TRIGGER readings_removed AFTER DELETE ON readings BEGIN
    UPDATE reading_usage SET bytes = bytes - old.bytes
      WHERE tenant_id = old.tenant_id AND node_uid = old.node_uid;
  END`,
  `INSERT INTO readings (tenant_id, node_uid, seq, kind, at, time_known, received_at,
      refused, refused_field, refused_reading, bytes)
    SELECT tenant_id, node_uid, 0, 'telemetry', at, 0, at, 'malformed', 'body', payload,
      length(payload) + 460 FROM telemetry ORDER BY id`,
  "DROP TABLE telemetry",
);
