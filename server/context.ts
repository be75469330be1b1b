import type { HumanCrypto } from "../protocol/crypto/p256.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import type { Log, Random, Timer } from "../protocol/platform.ts";
import type { ApplicationOptions } from "./application/application-options.ts";
import type { Authorities } from "./authorities.ts";
import type { CardRuns } from "./card/card-runs.ts";
import type { Humans } from "./human/humans.ts";
import type { Limits } from "./limits.ts";
import type { LoginLog } from "./login-log.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { RuleBook } from "./policy/rule-book.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { ReadingFeed } from "./reading-feed.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { Ephemera } from "./store/ephemera.ts";
import type { Records } from "./store/records.ts";
import type { Vault } from "./vault.ts";
import type { WallClock } from "./wall-clock.ts";

/** All that a handler can reach. */
export interface ServiceContext {
  readonly records: Records;
  readonly ephemera: Ephemera;
  readonly keys: SigningKeys;
  readonly vault: Vault;
  readonly crypto: CryptoProvider;
  readonly sha3: Sha3;
  /** Of people's keys. */
  readonly human: HumanCrypto;
  /** Registries, issuers and statuses of people. */
  readonly humans: Humans;
  /** Who may pass where and when. */
  readonly ruleBook: RuleBook;
  /** What the identities behind tenants say now. */
  readonly authorities: Authorities;
  readonly clock: WallClock;
  readonly random: Random;
  readonly log: Log;
  readonly timer: Timer;
  readonly limits: Limits;
  readonly rates: RateLimiter;
  /** Who came in and who did not, for the audit log. */
  readonly logins: LoginLog;
  /** Work on cards that waits for a card's answer. */
  readonly cardRuns: CardRuns;
  /** Wakes whoever follows the readings. */
  readonly feed: ReadingFeed;
  readonly metrics: Metrics;
  /** Whether it is about to end: balancers should send nothing more. */
  readonly isEnding: () => boolean;
  /** Whether the MQTT broker takes what is published; `undefined` when there is none. */
  readonly brokerUp: () => boolean | undefined;
  /** Whether and to which pages it serves applications. */
  readonly applications?: ApplicationOptions | undefined;
  /** Host of the link on a badge. */
  readonly badgeHost: string;
}

/** One request, stripped of HTTP. */
export interface ServiceRequest {
  readonly method: string;
  /** With or without a slash in front; a query counts for what is asked by GET. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** For rate limits; absent for callers in the same process, who are not limited by it. */
  readonly remoteAddress?: string | undefined;
  /** Quoted in the log and in the answer to an internal error. */
  readonly requestId?: string | undefined;
}

export interface ServiceResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /**
   * What follows, in place of a body, as it comes about. Whoever gets it iterates it or calls its
   * `return`: until then it counts as a listener.
   */
  readonly stream?: AsyncIterableIterator<string>;
}
