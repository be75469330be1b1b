import { CARD_STEP_PATH } from "../protocol/badge/card-step.ts";
import {
  BADGE_CHALLENGE_PATH,
  BADGE_VERIFY_PATH,
  LIST_NODES_PATH,
  REGISTER_BADGE_PATH,
  SEALED_BEGIN_PATH,
  SEALED_CONTINUE_PATH,
} from "../protocol/badge/endpoints.ts";
import { portableSha3 } from "../protocol/crypto/portable-sha3.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import { uuidFromRandom } from "../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { type JsonObject, type JsonReader, parseObject } from "../protocol/json/reader.ts";
import {
  CHALLENGE_PATH,
  CHECK_IN_PATH,
  FIRMWARE_PATH,
  POST_PATH,
  REGISTER_PATH,
  TIME_PATH,
  VERIFY_PATH,
} from "../protocol/node/endpoints.ts";
import type { Log, Random, Timer } from "../protocol/platform.ts";
import { SENSOR_DATA_PATH, SENSOR_STREAM_PATH } from "../protocol/telemetry/stored-reading.ts";
import { type Admin, createAdmin } from "./admin.ts";
import {
  type ApplicationOptions,
  checkApplicationOptions,
} from "./application/application-options.ts";
import {
  APPLICATION_ROUTES,
  type ApplicationRoute,
  type BackEndRoute,
} from "./application/application-routes.ts";
import { corsHeaders, preflightResponse } from "./application/cors.ts";
import { Authorities } from "./authorities.ts";
import { CardRuns } from "./card/card-runs.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "./context.ts";
import { beginSealed } from "./handlers/begin-sealed.ts";
import { cardStep } from "./handlers/card-step.ts";
import { checkIn } from "./handlers/check-in.ts";
import { continueSealed } from "./handlers/continue-sealed.ts";
import { sendFirmware } from "./handlers/firmware.ts";
import { reportHealth } from "./handlers/health.ts";
import { publishKeys } from "./handlers/jwks.ts";
import { listNodes } from "./handlers/list-nodes.ts";
import { acceptPost } from "./handlers/post.ts";
import { reportLife, reportReadiness } from "./handlers/ready.ts";
import { registerBadge } from "./handlers/register-badge.ts";
import { registerNode } from "./handlers/register-node.ts";
import { requestBadgeChallenge } from "./handlers/request-badge-challenge.ts";
import { requestChallenge } from "./handlers/request-challenge.ts";
import { querySensorData } from "./handlers/sensor-data.ts";
import { streamSensorData } from "./handlers/sensor-stream.ts";
import { answerTime } from "./handlers/time.ts";
import { verifyBadge } from "./handlers/verify-badge.ts";
import { verifyNode } from "./handlers/verify-node.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { addressLockout, noteFailure } from "./lockout.ts";
import { countingLog, type Metrics, noMetrics, type Observed } from "./metrics/metrics.ts";
import type { BrokerOptions } from "./mqtt/broker-options.ts";
import { ReadingPublisher } from "./mqtt/publisher.ts";
import { networkOf } from "./network-of.ts";
import { authenticateOperator } from "./operator-auth.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { checkReadiness } from "./readiness.ts";
import { ReadingFeed } from "./reading-feed.ts";
import { normalise, queryOf, requireJson } from "./request-parts.ts";
import { failureResponse, jsonResponse } from "./response.ts";
import { type SealedHandler, sealedExchange } from "./sealed-exchange.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { Ephemera } from "./store/ephemera.ts";
import type { Operator, Records } from "./store/records.ts";
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

type OpenHandler = (
  context: ServiceContext,
  body: JsonReader,
  request: ServiceRequest,
) => Promise<JsonObject>;
type QueryHandler = (
  context: ServiceContext,
  operator: Operator,
  query: URLSearchParams,
  request: ServiceRequest,
) => Promise<ServiceResponse>;
type OperatorHandler = (
  context: ServiceContext,
  operator: Operator,
  body: JsonReader,
) => Promise<JsonObject>;

/**
 * Who may call: anyone (the message proves itself), a node by its session, an operator; see also
 * `ApplicationRoute`.
 */
type Route =
  | { readonly by: "reading"; readonly handle: (context: ServiceContext) => Promise<JsonObject> }
  /** An operator, with GET. */
  | { readonly by: "query"; readonly handle: QueryHandler }
  | { readonly by: "anyone"; readonly handle: OpenHandler }
  | { readonly by: "node"; readonly handle: SealedHandler }
  | ApplicationRoute
  | BackEndRoute
  /** `many`: one piece of work takes dozens of requests. */
  | { readonly by: "operator"; readonly handle: OperatorHandler; readonly many?: boolean };

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  [TIME_PATH, { by: "anyone", handle: answerTime }],
  [REGISTER_PATH, { by: "anyone", handle: registerNode }],
  [CHALLENGE_PATH, { by: "anyone", handle: requestChallenge }],
  [VERIFY_PATH, { by: "anyone", handle: verifyNode }],
  [POST_PATH, { by: "node", handle: acceptPost }],
  [BADGE_CHALLENGE_PATH, { by: "node", handle: requestBadgeChallenge }],
  [BADGE_VERIFY_PATH, { by: "node", handle: verifyBadge }],
  [SEALED_BEGIN_PATH, { by: "node", handle: beginSealed }],
  [SEALED_CONTINUE_PATH, { by: "node", handle: continueSealed }],
  [FIRMWARE_PATH, { by: "node", handle: sendFirmware }],
  [CHECK_IN_PATH, { by: "node", handle: checkIn }],
  [REGISTER_BADGE_PATH, { by: "operator", handle: registerBadge }],
  [CARD_STEP_PATH, { by: "operator", handle: cardStep, many: true }],
  [LIST_NODES_PATH, { by: "operator", handle: listNodes }],
  [SENSOR_DATA_PATH, { by: "query", handle: querySensorData }],
  [SENSOR_STREAM_PATH, { by: "query", handle: streamSensorData }],
  ...APPLICATION_ROUTES,
  [".well-known/jwks.json", { by: "reading", handle: publishKeys }],
  ["healthz", { by: "reading", handle: reportHealth }],
  ["livez", { by: "reading", handle: reportLife }],
  ["readyz", { by: "reading", handle: reportReadiness }],
]);

/** The endpoint that a path names, for figures; `other` when there is none. */
export function endpointOf(path: string): string {
  const name = normalise(path);
  return ROUTES.has(name) ? name : "other";
}

/** What a page sends is answered for its origin, also when it is refused. */
async function dispatchApplication(
  context: ServiceContext,
  route: ApplicationRoute,
  request: ServiceRequest,
  failed: (error: unknown) => Promise<ServiceResponse>,
): Promise<ServiceResponse> {
  const { applications } = context;
  if (applications === undefined) throw new LatchkeyError("not-found");
  const cors = corsHeaders(applications, request);
  if (request.method === "OPTIONS") return preflightResponse(cors);
  const answer = async () => {
    requireJson(request);
    return route.handle(context, applications, parseObject(request.body), request);
  };
  const response = await answer().then(jsonResponse, failed);
  return { ...response, headers: { ...response.headers, ...cors } };
}

async function dispatch(
  context: ServiceContext,
  path: string,
  route: Exclude<Route, ApplicationRoute>,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  if (route.by === "reading") return jsonResponse(await route.handle(context));
  if (route.by === "query") {
    const operator = await authenticateOperator(context, request);
    return route.handle(context, operator, queryOf(request), request);
  }
  requireJson(request);
  if (route.by === "back-end") {
    if (context.applications === undefined) throw new LatchkeyError("not-found");
    return jsonResponse(await route.handle(context, request));
  }
  if (route.by === "node")
    return jsonResponse(await sealedExchange(context, path, request, route.handle));
  if (route.by === "anyone")
    return jsonResponse(await route.handle(context, parseObject(request.body), request));
  // The token before the body: a stranger learns nothing about what a body should be.
  const operator = await authenticateOperator(context, request, route.many);
  return jsonResponse(await route.handle(context, operator, parseObject(request.body)));
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
  const cardRuns = new CardRuns(random, () => clock.unixMs(), ephemera.shared);
  const timer = options.timer ?? systemTimer;
  const feed = new ReadingFeed(records, timer);
  const sha3 = options.sha3 ?? portableSha3;
  const authorities = new Authorities({ records, clock, sha3 });
  const parts = { limits, timer, rates, badgeHost, cardRuns, feed, sha3, authorities };
  // What it says of itself in `healthz` is not known to what it is made of.
  const brokerUp = (): boolean | undefined => publisher?.isUp;
  let ending = false;
  const own = { log, metrics, brokerUp, isEnding: () => ending };
  const context: ServiceContext = { ...options, ...parts, ...own };
  const publisher = options.broker && new ReadingPublisher(context, options.broker);
  const sweeper = new Sweeper(context);

  async function handle(request: ServiceRequest): Promise<ServiceResponse> {
    const from = request.remoteAddress && networkOf(request.remoteAddress);
    const failed = async (error: unknown): Promise<ServiceResponse> => {
      await noteFailure(context, error, addressLockout(context, from));
      const incident = request.requestId ?? uuidFromRandom(random.bytes(16));
      return failureResponse(error, incident, request, log);
    };
    try {
      await sweeper.sweepNowAndThen();
      const path = normalise(request.path);
      const route = ROUTES.get(path);
      const method = route?.by === "reading" || route?.by === "query" ? "GET" : "POST";
      const asksFirst = route?.by === "application" && request.method === "OPTIONS";
      if (route === undefined || (request.method !== method && !asksFirst))
        throw new LatchkeyError("not-found");
      const call = { ...request, remoteAddress: from };
      if (route.by === "application")
        return await dispatchApplication(context, route, call, failed);
      return await dispatch(context, path, route, call);
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
      await Promise.all([ephemera.close(), records.close()]);
    },
  };
}
