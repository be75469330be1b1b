import type { ReplayState } from "../../protocol/node/replay-window.ts";
import type { Rate } from "../limits.ts";

/**
 * For a node that proves itself, for a badge at a node, or the dialogue with a sealed badge that
 * came out of one (its `nonce` is what is kept of it). For a visitor: the request on a display,
 * and then what the visitor has shown. Of a person's device: what
 * it has said, so that it counts once.
 */
export type ChallengeKind = "node" | "badge" | "sealed" | "visit" | "statement";

export const CHALLENGE_KINDS: readonly ChallengeKind[] = [
  ...(["node", "badge", "sealed", "visit", "statement"] as const),
];

/**
 * The most challenges of a kind at a time; a flood gets `unavailable` rather than all the memory.
 * Anyone can ask for a node's, and must not use up what readers need for badges.
 */
export const CHALLENGES_MAX = 200_000;

/** Answered too late is told from never issued for this long. */
export const EXPIRED_KEPT_SECONDS = 60;

export interface StoredChallenge {
  readonly challengeId: string;
  readonly kind: ChallengeKind;
  readonly tenantId: string;
  readonly nodeUid: string;
  /** Bound to this badge; absent while it waits for a tap. 14 hexadecimal digits. */
  readonly badgeUid: string | undefined;
  readonly nonce: Uint8Array;
  /** The server's private X25519 key of a node challenge; goes with the challenge. */
  readonly ephemeral: Uint8Array | undefined;
  /** Unix seconds. */
  readonly expiresAt: number;
}

export interface StoredSession {
  readonly sid: string;
  readonly tenantId: string;
  readonly nodeUid: string;
  /** What `sessionKeysFrom` takes; 104 bytes. */
  readonly material: Uint8Array;
  /** Unix seconds; moved by a check-in. */
  readonly expiresAt: number;
  /** Unix seconds; never moved. */
  readonly endsAt: number;
}

/** What is taken out of the bucket of a limit and a subject. */
export interface Spending {
  readonly limit: string;
  readonly rate: Rate;
  readonly subject: string;
  /** 0 asks whether there is one to take, and takes none. */
  readonly weight: number;
}

/** What has to be paid before something is done; time as in `Ephemera.spend`. */
export interface Payment {
  readonly spendings: readonly Spending[];
  readonly nowMs: number;
}

/** The limit that does not let it pass, and how long until it would. */
export interface RateRefusal {
  readonly limit: string;
  readonly waitMs: number;
}

/**
 * What may be lost in a restart and must not outlive its time: challenges, sessions, what was
 * counted towards limits. Losing it is safe: an unanswered challenge is void, a node opens a new
 * session by itself, and a bucket is full again.
 * Every method is atomic, also across replicas.
 */
export interface Ephemera {
  /** Whether other processes have the same memory. */
  readonly shared: boolean;
  /**
   * Keeps at most `keep` challenges of this kind for the node, the newest.
   * @throws unavailable when there are too many altogether
   */
  putChallenge(challenge: StoredChallenge, keep: number): Promise<void>;
  /**
   * Takes the challenge out: of any number of calls with one id, one gets it. That for a badge
   * comes out for its own node only. Expired ones come out too, for a while, so that late can be
   * told from never.
   */
  takeChallenge(
    challengeId: string,
    kind: ChallengeKind,
    nodeUid?: string,
  ): Promise<StoredChallenge | undefined>;

  /** The same when it is paid for, in one step; else it stays where it is. */
  takePaidChallenge(
    challengeId: string,
    kind: ChallengeKind,
    payment: Payment,
  ): Promise<{ readonly refused: RateRefusal } | { readonly taken: StoredChallenge | undefined }>;

  /** Looks at a challenge and leaves it: to say what it asks for. */
  challenge(challengeId: string, kind: ChallengeKind): Promise<StoredChallenge | undefined>;

  /** Keeps at most `keep` sessions per node, the newest. */
  openSession(session: StoredSession, keep: number): Promise<void>;
  /** With a copy of the material, which the caller wipes. */
  session(sid: string): Promise<StoredSession | undefined>;
  /** Notes a message number; false when it came before. The message must be known as genuine. */
  acceptSequence(sid: string, seq: number): Promise<boolean>;
  /** For tests and for the move to another store. */
  replayState(sid: string): Promise<ReplayState | undefined>;
  renewSession(sid: string, expiresAt: number): Promise<boolean>;
  /** Ends all sessions and challenges of a node, when it is revoked. */
  closeNode(tenantId: string, nodeUid: string): Promise<void>;

  /**
   * Takes from all of the buckets, or from none: then it names the first that has too little.
   * @param nowMs Unix milliseconds; a store that several replicas share goes by its own clock
   */
  spend(spendings: readonly Spending[], nowMs: number): Promise<RateRefusal | undefined>;

  /** Forgets what is over at that time. */
  sweep(nowAt: number): Promise<void>;
  /** Its own clock, Unix milliseconds, where it is another machine's. @throws unavailable */
  clockMs(): Promise<number | undefined>;
  /** @throws unavailable when it does not answer */
  ping(): Promise<void>;
  close(): void | Promise<void>;
}
