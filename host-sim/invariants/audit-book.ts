import type { Report } from "./violation.ts";
import type { ReadAudit, WatchedRow } from "./watched.ts";

/** A decision to open, as the server recorded it. */
export interface Grant {
  readonly nodeUid: string;
  /** Absent for a visitor. */
  readonly badgeUid: string | undefined;
  readonly challengeId: string;
  readonly relayMs: number;
  /** When the row was found: the server's own clock may be wrong. */
  readonly seenUs: number;
  /** Whether a window of the relay was explained by it. */
  used: boolean;
}

interface Decision {
  readonly node_uid: string;
  readonly badge_uid?: string;
  readonly challenge_id: string;
  readonly granted: boolean;
  readonly reason?: string;
  readonly relay_ms?: number;
  readonly read_counter?: number;
}

const ROWS_AT_ONCE = 500;
/** Older grants explain nothing any more. */
const GRANTS_KEPT = 64;

/** Reads the audit log along and checks what its rows say of each other. */
export class AuditBook {
  readonly #own: ReadAudit;
  readonly #other: ReadAudit;
  readonly #report: Report;
  readonly #challenges = new Set<string>();
  readonly #counters = new Map<string, number>();
  #ownSeq = 0;
  #otherSeq = 0;
  #queue: Promise<void> = Promise.resolve();
  grants: Grant[] = [];

  constructor(own: ReadAudit, other: ReadAudit, report: Report) {
    this.#own = own;
    this.#other = other;
    this.#report = report;
  }

  /** Takes in what is new. Resolves without any virtual time passing. */
  sync(nowUs: number): Promise<void> {
    this.#queue = this.#queue.then(() => this.#readOn(nowUs));
    return this.#queue;
  }

  async #readOn(nowUs: number): Promise<void> {
    for (;;) {
      const rows = await this.#own(ROWS_AT_ONCE, this.#ownSeq);
      for (const row of rows) this.#ownRow(row, nowUs);
      this.#ownSeq = rows.at(-1)?.seq ?? this.#ownSeq;
      if (rows.length < ROWS_AT_ONCE) break;
    }
    const others = await this.#other(ROWS_AT_ONCE, this.#otherSeq);
    this.#otherSeq = others.at(-1)?.seq ?? this.#otherSeq;
    const strange = others.find(({ kind }) => kind === "badge-decision" || kind.startsWith("node"));
    if (strange !== undefined)
      this.#report("tenant-isolation", `${strange.kind} at a tenant that has no reader`);
  }

  #count(badgeUid: string, counter: number): void {
    const before = this.#counters.get(badgeUid) ?? -1;
    if (counter <= before)
      this.#report("counter-rises", `${badgeUid} went from ${before} to ${counter}`);
    this.#counters.set(badgeUid, counter);
  }

  #ownRow({ kind, data }: WatchedRow, nowUs: number): void {
    if (kind !== "badge-decision" && kind !== "visit-decision") return;
    const row = JSON.parse(data) as Decision;
    if (row.reason !== "challenge-used") {
      if (this.#challenges.has(row.challenge_id))
        this.#report("challenge-once", `${row.challenge_id} was answered twice`);
      this.#challenges.add(row.challenge_id);
    }
    if (!row.granted) return;
    if (row.badge_uid !== undefined) this.#count(row.badge_uid, row.read_counter ?? -1);
    this.grants.push({
      nodeUid: row.node_uid,
      badgeUid: row.badge_uid,
      challengeId: row.challenge_id,
      relayMs: row.relay_ms ?? 0,
      seenUs: nowUs,
      used: false,
    });
    if (this.grants.length > GRANTS_KEPT) this.grants.shift();
  }
}
