import { LatchkeyError } from "../../protocol/errors.ts";
import { CHALLENGE_KINDS, type ChallengeKind, type StoredChallenge } from "./ephemera.ts";

interface Kept {
  readonly challenge: StoredChallenge;
  /** Whose list it is in. */
  readonly own: string;
}

/** No two nodes and kinds have one name, whatever characters are in them. */
function nameOf(kind: ChallengeKind, tenantId: string, nodeUid: string): string {
  return `${kind} ${tenantId.length}:${tenantId}/${nodeUid}`;
}

/** A copy of its own: the caller wipes what it has. */
function copyOf(challenge: StoredChallenge): StoredChallenge {
  const { nonce, ephemeral } = challenge;
  return { ...challenge, nonce: nonce.slice(), ephemeral: ephemeral?.slice() };
}

/**
 * The challenges of one process. Each method runs without a pause, so that of any number of
 * attempts at one challenge one gets it: nothing can come between looking and taking out.
 */
export class MemoryChallenges {
  readonly #max: number;
  readonly #byId = new Map<string, Kept>();
  /** Ids of a node's challenges of one kind, the oldest first. */
  readonly #own = new Map<string, string[]>();
  readonly #counts: Record<ChallengeKind, number> = {
    ...{ node: 0, badge: 0, sealed: 0, visit: 0, statement: 0 },
  };

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws unavailable, conflict */
  put(challenge: StoredChallenge, keep: number): void {
    const { challengeId, kind, tenantId, nodeUid } = challenge;
    if (this.#counts[kind] >= this.#max)
      throw new LatchkeyError("unavailable", { detail: { retry_after: 5 } });
    if (this.#byId.has(challengeId)) throw new LatchkeyError("conflict");
    const own = nameOf(kind, tenantId, nodeUid);
    const ids = this.#own.get(own) ?? [];
    this.#own.set(own, ids);
    ids.push(challengeId);
    this.#byId.set(challengeId, { challenge: copyOf(challenge), own });
    this.#counts[kind]++;
    for (const old of ids.slice(0, Math.max(0, ids.length - keep))) this.#forget(old);
  }

  /** A copy, and it stays. */
  look(challengeId: string, kind: ChallengeKind): StoredChallenge | undefined {
    const challenge = this.#byId.get(challengeId)?.challenge;
    return challenge?.kind === kind ? copyOf(challenge) : undefined;
  }

  take(challengeId: string, kind: ChallengeKind, nodeUid?: string): StoredChallenge | undefined {
    const challenge = this.#byId.get(challengeId)?.challenge;
    if (challenge === undefined || challenge.kind !== kind) return undefined;
    if (nodeUid !== undefined && challenge.nodeUid !== nodeUid) return undefined;
    this.#remove(challengeId);
    return challenge;
  }

  closeNode(tenantId: string, nodeUid: string): void {
    for (const kind of CHALLENGE_KINDS)
      for (const id of [...(this.#own.get(nameOf(kind, tenantId, nodeUid)) ?? [])])
        this.#forget(id);
  }

  /** Forgets those that ended by then; Unix seconds. */
  sweep(endedAt: number): void {
    for (const [id, { challenge }] of this.#byId)
      if (challenge.expiresAt <= endedAt) this.#forget(id);
  }

  clear(): void {
    for (const id of [...this.#byId.keys()]) this.#forget(id);
  }

  /** Takes it out, and its private key is gone. */
  #forget(challengeId: string): void {
    const challenge = this.#remove(challengeId);
    challenge?.ephemeral?.fill(0);
    challenge?.nonce.fill(0);
  }

  #remove(challengeId: string): StoredChallenge | undefined {
    const kept = this.#byId.get(challengeId);
    if (kept === undefined) return undefined;
    const { challenge, own } = kept;
    this.#byId.delete(challengeId);
    this.#counts[challenge.kind]--;
    const ids = this.#own.get(own)!;
    ids.splice(ids.indexOf(challengeId), 1);
    if (ids.length === 0) this.#own.delete(own);
    return challenge;
  }
}
