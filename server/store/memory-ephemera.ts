import { ReplayWindow } from "../../protocol/node/replay-window.ts";
import {
  CHALLENGES_MAX,
  type ChallengeKind,
  type Ephemera,
  EXPIRED_KEPT_SECONDS,
  type Payment,
  type RateRefusal,
  type Spending,
  type StoredChallenge,
  type StoredSession,
} from "./ephemera.ts";
import { MemoryBuckets } from "./memory-buckets.ts";
import { MemoryChallenges } from "./memory-challenges.ts";

interface LiveSession {
  stored: StoredSession;
  readonly window: ReplayWindow;
}

export interface MemoryEphemeraOptions {
  readonly challengesMax?: number;
}

/**
 * Challenges and sessions of one server process, and what was counted. Nothing of it may reach a
 * disk, where a private key would outlive its minute and a restored backup would bring back a
 * challenge that was already answered.
 */
export class MemoryEphemera implements Ephemera {
  readonly shared = false;
  readonly #challenges: MemoryChallenges;
  readonly #sessions = new Map<string, LiveSession>();
  /** In order of opening, by node; the tenant is in the key because it is in every key. */
  readonly #byNode = new Map<string, string[]>();
  readonly #buckets = new MemoryBuckets();

  constructor({ challengesMax = CHALLENGES_MAX }: MemoryEphemeraOptions = {}) {
    this.#challenges = new MemoryChallenges(challengesMax);
  }

  async putChallenge(challenge: StoredChallenge, keep: number): Promise<void> {
    this.#challenges.put(challenge, keep);
  }

  async takeChallenge(
    challengeId: string,
    kind: ChallengeKind,
    nodeUid?: string,
  ): Promise<StoredChallenge | undefined> {
    return this.#challenges.take(challengeId, kind, nodeUid);
  }

  async takePaidChallenge(challengeId: string, kind: ChallengeKind, payment: Payment) {
    const refused = this.#buckets.spend(payment.spendings, payment.nowMs);
    return refused ? { refused } : { taken: this.#challenges.take(challengeId, kind) };
  }

  async challenge(challengeId: string, kind: ChallengeKind): Promise<StoredChallenge | undefined> {
    return this.#challenges.look(challengeId, kind);
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
    this.#challenges.closeNode(tenantId, nodeUid);
  }

  async spend(spendings: readonly Spending[], nowMs: number): Promise<RateRefusal | undefined> {
    return this.#buckets.spend(spendings, nowMs);
  }

  async sweep(nowAt: number): Promise<void> {
    this.#challenges.sweep(nowAt - EXPIRED_KEPT_SECONDS);
    for (const [sid, { stored }] of this.#sessions) if (stored.expiresAt <= nowAt) this.#drop(sid);
  }

  async clockMs(): Promise<undefined> {}

  async ping(): Promise<void> {}

  close(): void {
    for (const sid of [...this.#sessions.keys()]) this.#drop(sid);
    this.#challenges.clear();
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
