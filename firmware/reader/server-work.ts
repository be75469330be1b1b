import {
  type BadgeChallenge,
  parseBadgeChallenge,
  writeBadgeChallengeRequest,
} from "../../protocol/badge/challenge.ts";
import {
  type CheckInRequest,
  type ImageReport,
  writeCheckInRequest,
} from "../../protocol/badge/check-in.ts";
import { parseDenialsRecorded } from "../../protocol/badge/denial-report.ts";
import { BADGE_CHALLENGE_PATH, BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import type { BadgeKey } from "../../protocol/badge/key-id.ts";
import type { BadgeLink } from "../../protocol/badge/link.ts";
import { checkTenantMark } from "../../protocol/badge/sealed-link.ts";
import { parseSealedAnswer } from "../../protocol/badge/sealed-tap.ts";
import { type BadgeDecision, parseBadgeDecision } from "../../protocol/badge/verify.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import type { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { Clock } from "../../protocol/platform.ts";
import {
  parseVisitAnswer,
  VISIT_PATH,
  type VisitAnswer,
  type VisitQuestion,
  writeVisitQuestion,
} from "../../protocol/visit/visit.ts";
import type { HeldChallenge } from "./machine.ts";
import { carrySealedTap, type SealedTap } from "./sealed-tap.ts";
import { verifyRequest } from "./tap.ts";

/** What the reader needs of its identity. */
export type ReaderIdentity = Pick<
  IdentityNode,
  | "init"
  | "ensureRegistered"
  | "authenticate"
  | "call"
  | "checkIn"
  | "nowUnix"
  | "clockAgeMs"
  | "state"
  | "close"
>;

export interface ServerWorkOptions {
  readonly identity: ReaderIdentity;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
  readonly tenantId: string;
  readonly badgeKeys: readonly BadgeKey[];
  /** What to say of the image at a check-in. */
  readonly image?: () => ImageReport | undefined;
  readonly decisionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** The reader's sealed requests about badges. Holds the challenges that may still be used. */
export class ServerWork {
  readonly #options: ServerWorkOptions;
  readonly #challenges = new Map<string, BadgeChallenge>();

  constructor(options: ServerWorkOptions) {
    this.#options = options;
  }

  /**
   * Gets a challenge ahead of the tap. Its life is counted from when it was asked for, so that
   * the reader gives it up before the server does.
   */
  async fetchChallenge(): Promise<HeldChallenge> {
    const { identity, clock, tenantId, requestTimeoutMs: timeoutMs } = this.#options;
    const sentMs = clock.monotonicMs();
    const request = writeBadgeChallengeRequest({ tenantId, nodeUid: this.#nodeUid() });
    const answer = await identity.call(BADGE_CHALLENGE_PATH, request, { timeoutMs });
    const challenge = parseBadgeChallenge(new JsonReader(answer));
    this.#remember(challenge);
    return { id: challenge.challengeId, expiresAtMs: sentMs + challenge.expiresIn * 1000 };
  }

  /**
   * Asks whether the badge may pass. Everything up to sending happens before this returns its
   * promise.
   */
  async askForDecision(
    badge: { readonly link: BadgeLink; readonly uid: Uint8Array },
    challengeId: string,
  ): Promise<BadgeDecision> {
    const { identity, crypto, badgeKeys, tenantId } = this.#options;
    const { decisionTimeoutMs: timeoutMs } = this.#options;
    const challenge = this.#challenges.get(challengeId);
    const { nodePk, nodeUid } = identity.state;
    if (challenge === undefined || nodePk === undefined) throw new LatchkeyError("internal");
    if (nodeUid === undefined) throw new LatchkeyError("node-unknown");
    const keys = { crypto, badgeKeys, tenantId, nodeUid, nodePk };
    const request = verifyRequest(badge, challenge, keys);
    this.#challenges.delete(challengeId);
    const answer = identity.call(BADGE_VERIFY_PATH, request, { timeoutMs });
    return parseBadgeDecision(new JsonReader(await answer));
  }

  /**
   * Carries APDUs between the server and a sealed badge until the server decides. The challenge
   * is used up with the first question, which comes after the badge's first answer.
   */
  async carry(tap: Pick<SealedTap, "card" | "link" | "brush" | "isOver">, challengeId: string) {
    const { identity, crypto, tenantId, decisionTimeoutMs: timeoutMs } = this.#options;
    checkTenantMark(crypto, tenantId, tap.link);
    return carrySealedTap({
      ...tap,
      challengeId,
      ask: async (path, request) => {
        this.#challenges.delete(challengeId);
        const answer = await identity.call(path, request, { timeoutMs });
        return parseSealedAnswer(new JsonReader(answer));
      },
    });
  }

  /** What became of a request to visitors; or another one. */
  async askVisit(question: VisitQuestion): Promise<VisitAnswer> {
    const { identity, decisionTimeoutMs: timeoutMs } = this.#options;
    const answer = await identity.call(VISIT_PATH, writeVisitQuestion(question), { timeoutMs });
    return parseVisitAnswer(new JsonReader(answer));
  }

  /** Whether a challenge has not been used in a question yet. */
  holds(challengeId: string): boolean {
    return this.#challenges.has(challengeId);
  }

  /** Gives the number of the last denial that the server has recorded, if it speaks of them. */
  async checkIn(report: CheckInRequest): Promise<number | undefined> {
    const { identity, requestTimeoutMs: timeoutMs } = this.#options;
    const image = this.#options.image?.();
    const whole = image === undefined ? report : { ...report, image };
    const answer = await identity.checkIn(writeCheckInRequest(whole), { timeoutMs });
    return parseDenialsRecorded(new JsonReader(answer));
  }

  #nodeUid(): string {
    const { nodeUid } = this.#options.identity.state;
    if (nodeUid === undefined) throw new LatchkeyError("node-unknown");
    return nodeUid;
  }

  /** At most two are of use: the one of the tap under way and the next. */
  #remember(challenge: BadgeChallenge): void {
    this.#challenges.set(challenge.challengeId, challenge);
    for (const id of this.#challenges.keys()) {
      if (this.#challenges.size <= 2) break;
      this.#challenges.delete(id);
    }
  }
}
