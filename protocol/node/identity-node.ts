import { parseCheckInAnswer } from "../badge/check-in.ts";
import { LatchkeyError, malformed, toLatchkeyError } from "../errors.ts";
import { decodeBody, encodeBody } from "../json/body.ts";
import { type JsonObject, JsonReader } from "../json/reader.ts";
import type { IdentityPlatform } from "../platform.ts";
import { CHECK_IN_PATH, POST_PATH } from "./endpoints.ts";
import { envelopeText, parseEnvelope } from "./envelope.ts";
import { fetchTime, type HandshakeContext, openNodeSession } from "./handshake.ts";
import type { CallOptions, IdentityState } from "./identity-calls.ts";
import {
  checkIdentityOptions,
  type IdentityConfig,
  type IdentityOptions,
} from "./identity-config.ts";
import type { IdentityEvent, IdentityListener } from "./identity-events.ts";
import { KeyRing } from "./key-ring.ts";
import { NodeClock } from "./node-clock.ts";
import type { NodeKey } from "./node-key.ts";
import type { NodeSession } from "./node-session.ts";
import { isNodeForgotten, isSessionLost } from "./recovery.ts";
import { Registrar } from "./registrar.ts";
import type { RegisterStatus } from "./registration.ts";
import { type RetryContext, withRetry } from "./retry.ts";
import { rotateKey } from "./rotate-key.ts";
import { ROTATE_WORK } from "./rotation.ts";
import { ServerLink } from "./server-link.ts";
import { SessionKeeper } from "./session-keeper.ts";
import { Waits } from "./waits.ts";

/**
 * A node's identity: a key that is born here and never leaves, and sessions that it opens.
 * All methods may be called at any time and at once; each does what it needs of the others.
 * They throw `LatchkeyError` only.
 * @example
 * const identity = new IdentityNode({
 *   baseUrl, nodeType, tenantId, commKey, commIv, serverKeys, platform,
 * });
 * await identity.ensureRegistered();
 * const token = await identity.authenticate();
 * const answer = await identity.postEncrypted({ request: "record_sensor_data", value: 42 });
 */
export class IdentityNode {
  readonly #platform: IdentityPlatform;
  readonly #config: IdentityConfig;
  readonly #listener: IdentityListener | undefined;
  readonly #waits: Waits;
  readonly #clock: NodeClock;
  readonly #link: ServerLink;
  readonly #context: HandshakeContext;
  readonly #sessions: SessionKeeper;
  readonly #keys: KeyRing;
  readonly #registrar: Registrar;
  #next: readonly string[] = [];
  #closed = false;

  /** @throws config-invalid */
  constructor(options: IdentityOptions) {
    const { platform } = options;
    const { clock, timer, random, crypto } = platform;
    const config = checkIdentityOptions(options);
    this.#platform = platform;
    this.#config = config;
    this.#listener = options.onEvent;
    this.#keys = new KeyRing(platform, config.tenantId);
    this.#waits = new Waits(timer);
    this.#clock = new NodeClock(clock);
    this.#link = new ServerLink(config.baseUrl, platform.http, this.#waits);
    const { timeoutMs } = config.retry;
    const nodeClock = this.#clock;
    this.#context = {
      ...{ ...config, crypto, random, clock, nodeClock, link: this.#link, timeoutMs },
      turn: () => this.#waits.sleep(0),
    };
    this.#registrar = new Registrar(this.#context, this.#keys, (event) => this.#emit(event));
    this.#sessions = new SessionKeeper({
      open: () => this.#openSession(),
      clock,
      timer,
      random,
      waits: this.#waits,
      policy: config.retry,
      emit: (event) => this.#emit(event),
      keep: options.keepSession ?? true,
    });
  }

  /**
   * Loads the node's key, or makes it: the first time only.
   * @throws random-unhealthy, storage-corrupt, storage-full, storage-failed
   */
  init(): Promise<{ nodePk: Uint8Array; fresh: boolean }> {
    return this.#guarded(async () => {
      const { publicKey, fresh } = this.#nodeKey();
      return { nodePk: publicKey.slice(), fresh };
    });
  }

  /**
   * Makes sure that the server knows this node, and says what it is called there. The server is
   * asked the first time, while it lets the node wait, and when it seems to have forgotten it.
   */
  ensureRegistered(): Promise<{ status: RegisterStatus; nodeUid: string }> {
    return this.#guarded(async () => {
      this.#nodeKey();
      const registrar = this.#registrar;
      if (registrar.isOpen) await withRetry(() => registrar.ask(), this.#retryContext());
      return { status: registrar.status!, nodeUid: this.#keys.nodeUid! };
    });
  }

  /** Asks the server for the time: Unix seconds. */
  syncTime(): Promise<number> {
    return this.#guarded(async () => {
      const unix = await withRetry(() => fetchTime(this.#context), this.#retryContext());
      this.#emit({ type: "time", unix });
      return unix;
    });
  }

  /** Unix seconds by the server's clock, or `undefined` before it was heard. Never ahead of it. */
  nowUnix(): number | undefined {
    return this.#clock.nowUnix();
  }

  /** How long ago the server said the time. */
  clockAgeMs(): number | undefined {
    return this.#clock.ageMs();
  }

  /** Makes sure that there is a session, and gives its access token. */
  authenticate(): Promise<string> {
    return this.#guarded(async () => (await this.#sessions.usable()).token.token);
  }

  /** Sends a payload sealed to `ii_post` and gives the server's answer. */
  postEncrypted(payload: JsonObject): Promise<JsonObject> {
    return this.call(POST_PATH, payload);
  }

  /**
   * One sealed request to an endpoint. A session that the server does not know any more is
   * opened anew once, and the request sent once more.
   * @param path without a slash in front, as in docs/protocol.md
   */
  call(path: string, body: object, options: CallOptions = {}): Promise<JsonObject> {
    return this.#guarded(async () => {
      if (path.startsWith("/")) throw malformed("path", "must not begin with a slash");
      const plain = encodeBody(body);
      const once = async () => (await this.#exchange(path, plain, options)).answer;
      return options.retry === true ? withRetry(once, this.#retryContext()) : once();
    });
  }

  /** Reports to `it_node_checkin`; the answer renews token and clock, and says what `next`. */
  checkIn(report: object, options: CallOptions = {}): Promise<JsonObject> {
    return this.#guarded(async () => {
      const sentAtMs = this.#platform.clock.monotonicMs();
      const { answer, session } = await this.#exchange(CHECK_IN_PATH, encodeBody(report), options);
      const { token, expiresIn, serverTime, next } = parseCheckInAnswer(new JsonReader(answer));
      this.#clock.sync(serverTime); // sealed, and in answer to this request: as good as signed
      this.#next = next;
      this.#sessions.renewToken(session, token, expiresIn, sentAtMs);
      if (next.includes(ROTATE_WORK)) await this.#rotate(session);
      return answer;
    });
  }

  get state(): IdentityState {
    const session = this.#sessions.current;
    const nowMs = this.#platform.clock.monotonicMs();
    return {
      nodePk: this.#keys.loaded?.publicKey.slice(),
      nodeUid: this.#keys.nodeUid,
      status: this.#registrar.status,
      next: this.#next,
      session: session && {
        sid: session.sid,
        ageMs: nowMs - session.openedAtMs,
        tokenExpiresInMs: session.token.expiresAtMs - nowMs,
      },
    };
  }

  /** Ends everything under way with `cancelled`, wipes keys, stops timers. For good. */
  close(): void {
    this.#closed = true;
    this.#sessions.close();
    this.#waits.close();
    this.#keys.loaded?.seed.wipe();
    this.#config.commKey.wipe();
  }

  /** The edge: whatever happens inside, a `LatchkeyError` comes out. */
  async #guarded<T>(run: () => Promise<T>): Promise<T> {
    try {
      if (this.#closed) throw new LatchkeyError("cancelled");
      return await run();
    } catch (error) {
      // Closing wipes keys under whatever still runs, which then fails in its own way.
      if (this.#closed) throw new LatchkeyError("cancelled", { cause: error });
      this.#registrar.noteFailure(error);
      throw toLatchkeyError(error);
    }
  }

  #nodeKey(): NodeKey {
    return this.#keys.key(() => this.#emit({ type: "key-created" }));
  }

  /** Takes another key. What fails is tried again after the next check-in. */
  async #rotate(session: NodeSession): Promise<void> {
    try {
      await rotateKey(this.#context, this.#keys, this.#keys.nodeUid!, (path, plain) =>
        this.#exchangeOver(session, path, plain, {}),
      );
      this.#next = [];
      this.#emit({ type: "key-rotated" });
      this.#sessions.drop(session, "session-ended");
    } catch (error) {
      this.#emit({ type: "rotation-failed", code: toLatchkeyError(error).code });
    }
  }

  /** One attempt; repeating it is the session keeper's business. */
  async #openSession(): Promise<{ session: NodeSession; expiresInSeconds: number }> {
    this.#nodeKey();
    const registrar = this.#registrar;
    const asked = registrar.isOpen;
    if (asked) await registrar.ask();
    if (registrar.status === "pending") throw new LatchkeyError("node-pending");
    const onChallenge = () => this.#emit({ type: "challenge" });
    const open = (uid: string) => openNodeSession(this.#context, this.#nodeKey(), uid, onChallenge);
    const opened = await open(this.#keys.nodeUid!).catch(async (error: unknown) => {
      if (asked || !isNodeForgotten(error)) throw error;
      return open(await registrar.ask());
    });
    this.#next = opened.next;
    return opened;
  }

  /** One exchange, over a new session if the server has lost the current one. */
  async #exchange(
    path: string,
    plain: Uint8Array,
    options: CallOptions,
  ): Promise<{ answer: JsonObject; session: NodeSession }> {
    for (let lost = 0; ; lost++) {
      const session = await this.#sessions.usable();
      try {
        return { answer: await this.#exchangeOver(session, path, plain, options), session };
      } catch (error) {
        if (!isSessionLost(error)) throw error;
        this.#sessions.drop(session, error.code);
        if (lost > 0) throw error;
      }
    }
  }

  async #exchangeOver(
    session: NodeSession,
    path: string,
    plain: Uint8Array,
    { timeoutMs = this.#config.retry.timeoutMs }: CallOptions,
  ): Promise<JsonObject> {
    const { token } = session.token;
    const answer = await session.exchange(path, plain, async (envelope) =>
      parseEnvelope(await this.#link.postText(path, envelopeText(envelope), { timeoutMs, token })),
    );
    return decodeBody(answer).value;
  }

  #retryContext(): RetryContext {
    return {
      policy: this.#config.retry,
      random: this.#platform.random,
      waits: this.#waits,
      onRetry: (code, attempt, delayMs) => this.#emit({ type: "retry", code, attempt, delayMs }),
    };
  }

  /** Tells log and listener. A listener that throws must not break an authentication. */
  #emit(event: IdentityEvent): void {
    const { type, ...fields } = event;
    try {
      this.#platform.log.write("code" in event ? "warn" : "info", `identity-${type}`, fields);
      this.#listener?.(event);
    } catch {
      this.#platform.log.write("error", "identity-listener-failed", { event: type });
    }
  }
}
