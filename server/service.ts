import type { HumanCrypto } from "../protocol/crypto/p256.ts";
import { portableSha3 } from "../protocol/crypto/portable-sha3.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import { uuidFromRandom } from "../protocol/encoding/uuid.ts";
import type { Compression } from "../protocol/human/status/compression.ts";
import type { Log, Random, Timer } from "../protocol/platform.ts";
import { type Admin, createAdmin } from "./admin.ts";
import { dispatch, routeOf } from "./api/dispatch.ts";
import {
  type ApplicationOptions,
  checkApplicationOptions,
} from "./application/application-options.ts";
import { Authorities } from "./authorities.ts";
import { CardRuns } from "./card/card-runs.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "./context.ts";
import { Humans, humanCryptoOver } from "./human/humans.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { addressLockout, noteFailure } from "./lockout.ts";
import { LoginLog } from "./login-log.ts";
import { countingLog, type Metrics, noMetrics, type Observed } from "./metrics/metrics.ts";
import type { BrokerOptions } from "./mqtt/broker-options.ts";
import { ReadingPublisher } from "./mqtt/publisher.ts";
import { networkOf } from "./network-of.ts";
import { RuleBook } from "./policy/rule-book.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { checkReadiness } from "./readiness.ts";
import { ReadingFeed } from "./reading-feed.ts";
import { normalise } from "./request-parts.ts";
import { failureResponse } from "./response.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { Ephemera } from "./store/ephemera.ts";
import type { Records } from "./store/records.ts";
import { Sweeper } from "./sweeper.ts";
import { systemTimer } from "./system-timer.ts";
import type { Vault } from "./vault.ts";
import type { WallClock } from "./wall-clock.ts";

export interface ServiceOptions {
  readonly records: Records;
  readonly ephemera: Ephemera;
  readonly keys: SigningKeys;
  readonly vault: Vault;
  readonly crypto: CryptoProvider;
  /** In JavaScript when absent, which is slow for large graphs. */
  readonly sha3?: Sha3;
  /** Of people's keys; in JavaScript when absent. */
  readonly human?: HumanCrypto;
  /** Of status lists; none are published when absent. */
  readonly compression?: Compression;
  readonly clock: WallClock;
  readonly random: Random;
  readonly log: Log;
  /** For the heartbeat of streams; the machine's when absent. */
  readonly timer?: Timer;
  /** Where readings are published to; nowhere when absent. */
  readonly broker?: BrokerOptions;
  /** Absent: there are no applications, and their endpoints are not found. */
  readonly applications?: ApplicationOptions;
  /** What is absent is as in `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits>;
  /** Gets another issuer's status list; absent: none is got, and its credentials do not count. */
  readonly fetchList?: (uri: string) => Promise<string>;
  /** Counts what is done; nothing when absent. */
  readonly metrics?: Metrics;
  /** Host of the link on a badge, 1 to 25 characters; `latchkey.local` when absent. */
  readonly badgeHost?: string;
}

/** The service behind every endpoint; knows nothing of sockets. */
export interface Service {
  /** One request, one answer; never rejects. */
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  readonly admin: Admin;
  /** Says in `readyz` that it is about to end; goes on working. */
  drain(): void;
  /** Whether all is in order, and what is under way: for the page of figures. */
  readonly observed: Observed;
  /** Ends all streams, and such as begin later, and what is published. */
  endStreams(): Promise<void>;
  /** Forgets sessions and closes the stores; those in this process at once. */
  close(): Promise<void>;
}

/**
 * The service over its stores. In-process callers (simulator, tests) hand in their own clock and
 * random source and get the same answers as over HTTP, the same ones for the same seed.
 * @example const answer = await service.handle({ method: "POST", path, headers, body });
 */
export function createService(options: ServiceOptions): Service {
  const { records, ephemera, clock, random, badgeHost = "latchkey.local" } = options;
  const { metrics = noMetrics } = options;
  const log = countingLog(options.log, metrics);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  if (options.applications !== undefined) checkApplicationOptions(options.applications);
  const rates = new RateLimiter(ephemera, clock);
  const logins = new LoginLog({ records, rates, limits, clock });
  const cardRuns = new CardRuns(random, () => clock.unixMs(), ephemera.shared);
  const timer = options.timer ?? systemTimer;
  const feed = new ReadingFeed(records, timer);
  const sha3 = options.sha3 ?? portableSha3;
  const authorities = new Authorities({ records, clock, sha3 });
  const ruleBook = new RuleBook(records);
  const parts = { limits, timer, rates, logins, badgeHost, cardRuns, feed };
  const rules = { sha3, authorities, ruleBook };
  // What it says of itself in `healthz` is not known to what it is made of.
  const brokerUp = (): boolean | undefined => publisher?.isUp;
  const human = options.human ?? humanCryptoOver(options.crypto);
  const humans = new Humans({ ...options, human, host: badgeHost });
  let ending = false;
  const own = { log, metrics, brokerUp, isEnding: () => ending };
  const context: ServiceContext = { ...options, ...parts, ...rules, human, humans, ...own };
  const publisher = options.broker && new ReadingPublisher(context, options.broker);
  const sweeper = new Sweeper(context);

  async function handle(request: ServiceRequest): Promise<ServiceResponse> {
    const from = request.remoteAddress && networkOf(request.remoteAddress);
    const failed = async (error: unknown): Promise<ServiceResponse> => {
      const limit = addressLockout(context, from);
      await noteFailure(context, error, { limit, login: { who: {}, from } });
      const incident = request.requestId ?? uuidFromRandom(random.bytes(16));
      return failureResponse(error, incident, request, log);
    };
    try {
      await sweeper.sweepNowAndThen();
      const path = normalise(request.path);
      const endpoint = routeOf(path, request.method);
      return await dispatch(context, endpoint, { ...request, remoteAddress: from }, failed);
    } catch (error) {
      return failed(error);
    }
  }

  async function endStreams(): Promise<void> {
    feed.close();
    await publisher?.close();
  }

  return {
    handle,
    admin: createAdmin(context),
    drain: () => {
      ending = true;
    },
    observed: {
      readiness: () => checkReadiness(context),
      underWay: () => ({ "card-runs": cardRuns.size, streams: feed.size }),
    },
    endStreams,
    async close() {
      void endStreams();
      cardRuns.close();
      // What is in this process closes at once, so nothing is waited for without need.
      const counted = logins.flush()?.catch(() => log.write("error", "logins-uncounted"));
      if (counted !== undefined) await counted;
      await Promise.all([ephemera.close(), records.close()]);
    },
  };
}
