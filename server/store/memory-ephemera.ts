import { LatchkeyError } from "../../protocol/errors.ts";
import { ReplayWindow } from "../../protocol/node/replay-window.ts";
import { blob, integer, optionalText, type Row, text } from "./columns.ts";
import {
  CHALLENGE_KINDS,
  CHALLENGES_MAX,
  type ChallengeKind,
  type Ephemera,
  EXPIRED_KEPT_SECONDS,
  type RateRefusal,
  type Spending,
  type StoredChallenge,
  type StoredSession,
} from "./ephemera.ts";
import { MemoryBuckets } from "./memory-buckets.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

/**
 * An own database in memory: nothing of it may reach a disk, where a private key would outlive
 * its minute and a restored backup would bring back a challenge that was already answered.
 */
const SCHEMA = [
  `
  CREATE TABLE challenges (
    challenge_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    badge_uid TEXT,
    nonce BLOB NOT NULL,
    ephemeral BLOB,
    expires_at INTEGER NOT NULL,
    age INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX challenges_by_node ON challenges (node_uid, kind, age);
  CREATE INDEX challenges_by_expiry ON challenges (expires_at);
  `,
];

interface LiveSession {
  stored: StoredSession;
  readonly window: ReplayWindow;
}

export interface MemoryEphemeraOptions {
  readonly challengesMax?: number;
}

function toChallenge(row: Row): StoredChallenge {
  return {
    challengeId: text(row, "challenge_id"),
    kind: text(row, "kind") as ChallengeKind,
    tenantId: text(row, "tenant_id"),
    nodeUid: text(row, "node_uid"),
    badgeUid: optionalText(row, "badge_uid"),
    nonce: blob(row, "nonce"),
    ephemeral: row["ephemeral"] === null ? undefined : blob(row, "ephemeral"),
    expiresAt: integer(row, "expires_at"),
  };
}

/** Challenges and sessions of one server process. */
export class MemoryEphemera implements Ephemera {
  readonly shared = false;
  readonly #db = new SqliteDatabase(":memory:", SCHEMA);
  readonly #challengesMax: number;
  readonly #sessions = new Map<string, LiveSession>();
  /** In order of opening, by node; the tenant is in the key because it is in every key. */
  readonly #byNode = new Map<string, string[]>();
  readonly #challenges: Record<ChallengeKind, number> = {
    ...{ node: 0, badge: 0, sealed: 0, visit: 0 },
  };
  readonly #buckets = new MemoryBuckets();
  #age = 0;

  constructor({ challengesMax = CHALLENGES_MAX }: MemoryEphemeraOptions = {}) {
    this.#challengesMax = challengesMax;
  }

  async putChallenge(challenge: StoredChallenge, keep: number): Promise<void> {
    if (this.#challenges[challenge.kind] >= this.#challengesMax)
      throw new LatchkeyError("unavailable", { detail: { retry_after: 5 } });
    const { challengeId, kind, tenantId, nodeUid, nonce, expiresAt } = challenge;
    const { badgeUid = null, ephemeral = null } = challenge;
    const age = ++this.#age;
    const insert = "INSERT INTO challenges VALUES (?,?,?,?,?,?,?,?,?)";
    const values = [challengeId, kind, tenantId, nodeUid, badgeUid, nonce, ephemeral] as const;
    this.#db.run(insert, ...values, expiresAt, age);
    const trim =
      "DELETE FROM challenges WHERE node_uid = ?1 AND kind = ?2 AND tenant_id = ?3 AND age <= " +
      "(SELECT age FROM challenges WHERE node_uid = ?1 AND kind = ?2 AND tenant_id = ?3 " +
      "ORDER BY age DESC LIMIT 1 OFFSET ?4)";
    this.#challenges[kind] += 1 - this.#db.run(trim, nodeUid, kind, tenantId, keep);
  }

  async takeChallenge(
    challengeId: string,
    kind: ChallengeKind,
    nodeUid?: string,
  ): Promise<StoredChallenge | undefined> {
    // DELETE rather than UPDATE … SET consumed: as atomic, and the private key goes with it.
    const sql =
      "DELETE FROM challenges WHERE challenge_id = ?1 AND kind = ?2 " +
      "AND (?3 IS NULL OR node_uid = ?3) RETURNING *";
    const row = this.#db.get(sql, challengeId, kind, nodeUid ?? null);
    if (row === undefined) return undefined;
    this.#challenges[kind]--;
    return toChallenge(row);
  }

  async challenge(challengeId: string, kind: ChallengeKind): Promise<StoredChallenge | undefined> {
    const sql = "SELECT * FROM challenges WHERE challenge_id = ? AND kind = ?";
    const row = this.#db.get(sql, challengeId, kind);
    return row && toChallenge(row);
  }

  async openSession(session: StoredSession, keep: number): Promise<void> {
    const node = `${session.tenantId}/${session.nodeUid}`;
    const own = [...(this.#byNode.get(node) ?? []), session.sid];
    this.#byNode.set(node, own);
    this.#sessions.set(session.sid, { stored: session, window: new ReplayWindow() });
    for (const sid of own.slice(0, -keep)) this.#drop(sid);
  }

  async session(sid: string): Promise<StoredSession | undefined> {
    const stored = this.#sessions.get(sid)?.stored;
    // A copy: the session may be closed, and its material wiped, while a request still uses it.
    return stored && { ...stored, material: stored.material.slice() };
  }

  async acceptSequence(sid: string, seq: number): Promise<boolean> {
    return this.#sessions.get(sid)?.window.accept(seq) ?? false;
  }

  async replayState(sid: string): Promise<ReplayWindow["state"] | undefined> {
    return this.#sessions.get(sid)?.window.state;
  }

  async renewSession(sid: string, expiresAt: number): Promise<boolean> {
    const live = this.#sessions.get(sid);
    if (live === undefined) return false;
    live.stored = { ...live.stored, expiresAt };
    return true;
  }

  async closeNode(tenantId: string, nodeUid: string): Promise<void> {
    for (const sid of [...(this.#byNode.get(`${tenantId}/${nodeUid}`) ?? [])]) this.#drop(sid);
    this.#forget("tenant_id = ? AND node_uid = ?", tenantId, nodeUid);
  }

  async spend(spendings: readonly Spending[], nowMs: number): Promise<RateRefusal | undefined> {
    return this.#buckets.spend(spendings, nowMs);
  }

  async sweep(nowAt: number): Promise<void> {
    this.#forget("expires_at <= ?", nowAt - EXPIRED_KEPT_SECONDS);
    for (const [sid, { stored }] of this.#sessions) if (stored.expiresAt <= nowAt) this.#drop(sid);
  }

  async clockMs(): Promise<undefined> {}

  async ping(): Promise<void> {}

  close(): void {
    for (const sid of [...this.#sessions.keys()]) this.#drop(sid);
    this.#db.close();
  }

  #forget(where: string, ...values: (string | number)[]): void {
    for (const kind of CHALLENGE_KINDS) {
      const sql = `DELETE FROM challenges WHERE ${where} AND kind = ?`;
      this.#challenges[kind] -= this.#db.run(sql, ...values, kind);
    }
  }

  #drop(sid: string): void {
    const live = this.#sessions.get(sid);
    if (live === undefined) return;
    live.stored.material.fill(0);
    this.#sessions.delete(sid);
    const node = `${live.stored.tenantId}/${live.stored.nodeUid}`;
    const rest = (this.#byNode.get(node) ?? []).filter((other) => other !== sid);
    if (rest.length > 0) this.#byNode.set(node, rest);
    else this.#byNode.delete(node);
  }
}
