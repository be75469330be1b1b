import { concat } from "../../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import {
  FRESH_REPLAY_STATE,
  type ReplayState,
  ReplayWindow,
} from "../../../protocol/node/replay-window.ts";
import type { Vault } from "../../vault.ts";
import type { WallClock } from "../../wall-clock.ts";
import {
  CHALLENGE_KINDS,
  CHALLENGES_MAX,
  type ChallengeKind,
  type Ephemera,
  EXPIRED_KEPT_SECONDS,
  type Payment,
  type RateRefusal,
  type Spending,
  type StoredChallenge,
  type StoredSession,
} from "../ephemera.ts";
import { type Argument, evaluate } from "./evaluate.ts";
import { RedisLink } from "./redis-link.ts";
import {
  CLOSE_NODE,
  MOVE_WINDOW,
  OPEN_SESSION,
  PUT_CHALLENGE,
  RENEW_SESSION,
  SPEND,
  TAKE_CHALLENGE,
} from "./redis-scripts.ts";

export interface RedisEphemeraOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://…` for TLS. */
  readonly url: string;
  /** Seals what must not be read there. */
  readonly vault: Vault;
  readonly clock: WallClock;
  /** The most challenges of a kind at a time, over all replicas. */
  readonly challengesMax?: number;
}

/** So many others may move one window at the same time before it is given up. */
const MOVES_MAX = 200;

/** What is no secret of a challenge; authenticated by the seal. */
type ChallengeSaid = Pick<StoredChallenge, "tenantId" | "nodeUid" | "badgeUid" | "expiresAt"> & {
  readonly nonceLength: number;
};
/** What was said of a challenge, and what was sealed. */
type Kept = readonly [Buffer, Buffer];
/** Which bucket has too little, and for how many milliseconds. */
type Refused = readonly [number, Buffer];

function isRefusal(answer: Kept | Refused): answer is Refused {
  return typeof answer[0] === "number";
}

function refusal(spendings: readonly Spending[], [index, waitMs]: Refused): RateRefusal {
  return { limit: spendings[index]!.limit, waitMs: Number(waitMs.toString()) };
}

function bucketsOf(spendings: readonly Spending[]): readonly Argument[] {
  return spendings.flatMap(({ limit, rate, subject, weight }) => [
    ...[`${limit}:${subject}`, rate.burst, rate.perSecond, weight],
  ]);
}

type SessionSaid = Pick<StoredSession, "tenantId" | "nodeUid" | "endsAt">;

/** No two nodes have one name, whatever characters are in them. */
function nodeName(tenantId: string, nodeUid: string): string {
  return `${tenantId.length}:${tenantId}/${nodeUid}`;
}

function windowText({ highest, low, high }: ReplayState): string {
  return `${highest},${low},${high}`;
}

function windowState(text: string): ReplayState {
  const [highest = 0, low = 0, high = 0] = text.split(",").map(Number);
  return { highest, low, high };
}

/**
 * Challenges and sessions of all replicas, in the memory of one Redis. Keys of sessions and of
 * handshakes are sealed by the vault before they go there. What Redis loses, or an operator
 * throws out, is void: a session goes with its replay window, in one piece.
 */
export class RedisEphemera implements Ephemera {
  readonly shared = true;
  readonly #link: RedisLink;
  readonly #vault: Vault;
  readonly #clock: WallClock;
  readonly #challengesMax: number;

  private constructor({ url, vault, clock, challengesMax }: RedisEphemeraOptions) {
    this.#link = new RedisLink(url);
    this.#vault = vault;
    this.#clock = clock;
    this.#challengesMax = challengesMax ?? CHALLENGES_MAX;
  }

  /** @throws config-invalid, unavailable */
  static async open(options: RedisEphemeraOptions): Promise<RedisEphemera> {
    const store = new RedisEphemera(options);
    try {
      await store.#link.open();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async putChallenge(challenge: StoredChallenge, keep: number): Promise<void> {
    const { challengeId, kind, tenantId, nodeUid, badgeUid, nonce, expiresAt } = challenge;
    const { ephemeral = new Uint8Array(0) } = challenge;
    const nonceLength = nonce.length;
    const said = JSON.stringify({ tenantId, nodeUid, badgeUid, expiresAt, nonceLength });
    const secret = concat(nonce, ephemeral);
    const sealed = this.#vault.seal(["challenge", challengeId, kind, said], secret);
    secret.fill(0);
    const node = nodeName(tenantId, nodeUid);
    const lastsMs = this.#lastsMs(expiresAt + EXPIRED_KEPT_SECONDS);
    const what = [challengeId, kind, nodeUid, node, said, sealed] as const;
    const put = await this.#link.run((redis, prefix) =>
      evaluate(redis, PUT_CHALLENGE, prefix, ...what, lastsMs, keep, this.#challengesMax),
    );
    if (put === 0) throw new LatchkeyError("unavailable", { detail: { retry_after: 5 } });
    if (put !== 1) throw new LatchkeyError("conflict");
  }

  async takeChallenge(
    challengeId: string,
    kind: ChallengeKind,
    nodeUid?: string,
  ): Promise<StoredChallenge | undefined> {
    const found = await this.#take([
      challengeId,
      kind,
      nodeUid === undefined ? 0 : 1,
      nodeUid ?? "",
    ]);
    return found === null ? undefined : this.#opened(challengeId, kind, found as Kept);
  }

  async takePaidChallenge(
    challengeId: string,
    kind: ChallengeKind,
    { spendings }: Payment,
  ): ReturnType<Ephemera["takePaidChallenge"]> {
    const found = await this.#take([challengeId, kind, 0, "", ...bucketsOf(spendings)]);
    if (found === null) return { taken: undefined };
    if (isRefusal(found)) return { refused: refusal(spendings, found) };
    return { taken: this.#opened(challengeId, kind, found) };
  }

  #take(what: readonly Argument[]): Promise<Kept | Refused | null> {
    const taken = this.#link.run((redis, prefix) =>
      evaluate(redis, TAKE_CHALLENGE, prefix, ...what),
    );
    return taken as Promise<Kept | Refused | null>;
  }

  async challenge(challengeId: string, kind: ChallengeKind): Promise<StoredChallenge | undefined> {
    const [found, said, sealed] = await this.#link.run((redis, prefix) =>
      redis.hmgetBuffer(`${prefix}c:${challengeId}`, "kind", "said", "sealed"),
    );
    if (found?.toString() !== kind || !said || !sealed) return undefined;
    return this.#opened(challengeId, kind, [said, sealed]);
  }

  #opened(
    challengeId: string,
    kind: ChallengeKind,
    [text, sealed]: Kept,
  ): StoredChallenge | undefined {
    const said = text.toString();
    // Sealed under a key that is gone: as if it had never been issued.
    const secret = this.#vault.tryOpen(["challenge", challengeId, kind, said], sealed);
    if (secret === undefined) return undefined;
    const { nonceLength, ...fields } = JSON.parse(said) as ChallengeSaid;
    const nonce = secret.bytes.slice(0, nonceLength);
    const rest = secret.bytes.slice(nonceLength);
    secret.wipe();
    const ephemeral = rest.length === 0 ? undefined : rest;
    return { challengeId, kind, ...fields, badgeUid: fields.badgeUid, nonce, ephemeral };
  }

  async openSession(session: StoredSession, keep: number): Promise<void> {
    const { sid, tenantId, nodeUid, material, expiresAt, endsAt } = session;
    const said = JSON.stringify({ tenantId, nodeUid, endsAt });
    const sealed = this.#vault.seal(["session", sid, said], material);
    material.fill(0);
    const node = nodeName(tenantId, nodeUid);
    const what = [sid, node, said, sealed, expiresAt, windowText(FRESH_REPLAY_STATE)] as const;
    const opened = await this.#link.run((redis, prefix) =>
      evaluate(redis, OPEN_SESSION, prefix, ...what, this.#lastsMs(expiresAt), keep),
    );
    if (opened !== 1) throw new LatchkeyError("conflict");
  }

  async session(sid: string): Promise<StoredSession | undefined> {
    const [said, sealed, until] = await this.#link.run((redis, prefix) =>
      redis.hmgetBuffer(`${prefix}s:${sid}`, "said", "sealed", "until"),
    );
    if (!said || !sealed || !until) return undefined;
    const text = said.toString();
    const secret = this.#vault.tryOpen(["session", sid, text], sealed);
    if (secret === undefined) return undefined;
    const { tenantId, nodeUid, endsAt } = JSON.parse(text) as SessionSaid;
    const material = secret.bytes.slice();
    secret.wipe();
    return { sid, tenantId, nodeUid, material, expiresAt: Number(until.toString()), endsAt };
  }

  /** The rule is the protocol's; what is written back counts only if nobody was faster. */
  async acceptSequence(sid: string, seq: number): Promise<boolean> {
    return this.#link.run(async (redis, prefix) => {
      let before = await redis.hget(`${prefix}s:${sid}`, "window");
      for (let move = 0; move < MOVES_MAX; move++) {
        if (!before) return false;
        const window = new ReplayWindow(windowState(before));
        if (!window.accept(seq)) return false;
        const after = windowText(window.state);
        const other = await evaluate(redis, MOVE_WINDOW, prefix, sid, before, after);
        if (other === null) return true;
        before = String(other);
      }
      throw new LatchkeyError("unavailable", { detail: { retry_after: 1 } });
    });
  }

  async replayState(sid: string): Promise<ReplayState | undefined> {
    const window = await this.#link.run((redis, prefix) =>
      redis.hget(`${prefix}s:${sid}`, "window"),
    );
    return window === null ? undefined : windowState(window);
  }

  async renewSession(sid: string, expiresAt: number): Promise<boolean> {
    return this.#link.run(async (redis, prefix) => {
      const said = await redis.hget(`${prefix}s:${sid}`, "said");
      if (said === null) return false;
      const { tenantId, nodeUid } = JSON.parse(said) as SessionSaid;
      const node = nodeName(tenantId, nodeUid);
      const lastsMs = this.#lastsMs(expiresAt);
      return (await evaluate(redis, RENEW_SESSION, prefix, sid, node, expiresAt, lastsMs)) === 1;
    });
  }

  async closeNode(tenantId: string, nodeUid: string): Promise<void> {
    const node = nodeName(tenantId, nodeUid);
    await this.#link.run((redis, prefix) =>
      evaluate(redis, CLOSE_NODE, prefix, node, ...CHALLENGE_KINDS),
    );
  }

  async spend(spendings: readonly Spending[]): Promise<RateRefusal | undefined> {
    const refused = (await this.#link.run((redis, prefix) =>
      evaluate(redis, SPEND, prefix, ...bucketsOf(spendings)),
    )) as Refused | null;
    return refused === null ? undefined : refusal(spendings, refused);
  }

  /** Redis forgets by itself. */
  async sweep(): Promise<void> {}

  async clockMs(): Promise<number> {
    const [seconds, microseconds] = await this.#link.run((redis) => redis.time());
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }

  async ping(): Promise<void> {
    await this.#link.run((redis) => redis.ping());
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** From now on by this replica's clock, which also said when it ends: their difference counts. */
  #lastsMs(endsAt: number): number {
    return Math.max(1, endsAt * 1000 - this.#clock.unixMs());
  }
}
