import {
  APP_CHALLENGE_PATH,
  APP_REGISTER_PATH,
  APP_VERIFY_PATH,
} from "../protocol/application/endpoints.ts";
import { type Assurance, identityHash, subjectUid } from "../protocol/application/identity.ts";
import {
  type AppRegistration,
  appSubject,
  writeAppRegisterRequest,
} from "../protocol/application/registration.ts";
import {
  appAuthTranscript,
  writeAppChallengeRequest,
  writeAppVerifyRequest,
} from "../protocol/application/verification.ts";
import { equalBytes } from "../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { CLIENT_NONCE_BYTES } from "../protocol/node/endpoints.ts";
import { type OpenedSession, openSession, type Prover } from "../protocol/node/handshake.ts";
import { NodeClock } from "../protocol/node/node-clock.ts";
import { isNodeForgotten, isSessionLost } from "../protocol/node/recovery.ts";
import {
  checkRegisterAnswer,
  parseRegisterAnswer,
  type RegisterStatus,
} from "../protocol/node/registration.ts";
import { DEFAULT_RETRY } from "../protocol/node/retry.ts";
import { ServerLink } from "../protocol/node/server-link.ts";
import { SessionKeeper } from "../protocol/node/session-keeper.ts";
import { Waits } from "../protocol/node/waits.ts";
import { type ApplicationOptions, checkOptions } from "./application-options.ts";
import { type BackEndAnswer, callBackEnd } from "./back-end-call.ts";
import type { IdentityKey } from "./identity-key.ts";
import { type SdkPlatform, webPlatform } from "./web-platform.ts";

/** Who an application is. */
export interface ApplicationName {
  /** SHA-256 of the public key, 64 hexadecimal digits. */
  readonly identityHash: string;
  readonly publicKey: Uint8Array;
}

/** The session that is kept for the next request; its keys are not in here. */
export interface ApplicationSession extends ApplicationName {
  readonly sid: string;
  readonly assurance: Assurance;
  readonly audience: string;
  /** Until its token ends; then the next request opens another one. */
  readonly expiresInMs: number;
}

/** An application has no key that the tenant gave it. */
const NO_COMM_KEY: Uint8Array = new Uint8Array(0);

/**
 * An application's identity: a key that is born on this device, and sessions with one back end.
 * All methods may be called at any time and at once; they throw `LatchkeyError` only.
 * @example
 * const identity = new ApplicationIdentity({ serverUrl, tenantId, serverKeys, audience, keys });
 * const { status, body } = await identity.postEncrypted("https://shop.example/orders", { item: 7 });
 */
export class ApplicationIdentity {
  readonly #platform: SdkPlatform;
  readonly #options: ApplicationOptions;
  readonly #config: ReturnType<typeof checkOptions>;
  readonly #waits: Waits;
  readonly #clock: NodeClock;
  readonly #link: ServerLink;
  readonly #sessions: SessionKeeper;
  #key: IdentityKey | undefined;
  #status: RegisterStatus | undefined;
  #registering: Promise<IdentityKey> | undefined;

  /** @throws config-invalid, malformed */
  constructor(options: ApplicationOptions) {
    const { platform = webPlatform } = options;
    this.#platform = platform;
    this.#options = options;
    this.#config = checkOptions(options);
    const { clock, timer, random } = platform;
    this.#waits = new Waits(timer);
    this.#clock = new NodeClock(clock);
    this.#link = new ServerLink(this.#config.serverUrl, platform.http, this.#waits);
    const policy = { ...DEFAULT_RETRY, timeoutMs: this.#config.timeoutMs };
    // Not kept alive: a passkey would ask its owner every quarter of an hour.
    const habits = { policy, emit: () => {}, keep: false };
    const open = (): Promise<OpenedSession> => this.#openSession();
    this.#sessions = new SessionKeeper({
      ...{ open, clock, timer, random, waits: this.#waits },
      ...habits,
    });
  }

  /** Who this is; the key is born with the first call. */
  async whoAmI(): Promise<ApplicationName> {
    const { publicKey } = await this.#identityKey();
    return { identityHash: identityHash(this.#platform.crypto, publicKey), publicKey };
  }

  /**
   * An access token for the back end. Does what is missing: the key, its registration, a session.
   * The token alone opens nothing.
   * @throws node-pending until a manager has approved the identity, and what the server answers
   */
  async ensureJwt(): Promise<string> {
    return (await this.#sessions.usable()).token.token;
  }

  /**
   * Opens a new session in place of the one that there is, for this identity.
   * @throws signature-invalid when it is not the identity whose key is here
   */
  async handshake(name: ApplicationName): Promise<ApplicationSession> {
    const own = await this.whoAmI();
    if (own.identityHash !== name.identityHash || !equalBytes(own.publicKey, name.publicKey))
      throw new LatchkeyError("signature-invalid", {
        message: "The key on this device is not the one of that identity.",
      });
    const current = this.#sessions.current;
    if (current !== undefined) this.#sessions.drop(current, "session-ended");
    await this.#sessions.usable();
    return this.session!;
  }

  /**
   * The session that is kept, or `undefined` when there is none that is good. In this page's or
   * process's memory only: two that took up one session would use its message numbers twice.
   */
  get session(): ApplicationSession | undefined {
    const session = this.#sessions.current;
    const key = this.#key;
    if (session === undefined || key === undefined) return undefined;
    const { publicKey, assurance } = key;
    return {
      identityHash: identityHash(this.#platform.crypto, publicKey),
      publicKey,
      sid: session.sid,
      assurance,
      audience: this.#config.audience,
      expiresInMs: session.token.expiresAtMs - this.#platform.clock.monotonicMs(),
    };
  }

  /**
   * Posts a payload sealed to the back end; its answer comes sealed too. A session that is gone is
   * opened anew once, and the request sent once more.
   * @param url absolute, as the back end will see its path and query
   */
  async postEncrypted(url: string, payload: object): Promise<BackEndAnswer> {
    const { audience, timeoutMs } = this.#config;
    const call = { http: this.#platform.http, audience, url, timeoutMs };
    for (let lost = 0; ; lost++) {
      const session = await this.#sessions.usable();
      try {
        return await callBackEnd(session, call, payload);
      } catch (error) {
        if (!isSessionLost(error)) throw error;
        this.#sessions.drop(session, error.code);
        if (lost > 0) throw error;
      }
    }
  }

  /** Wipes the session's keys and ends what is under way. The identity's key stays. */
  close(): void {
    this.#sessions.close();
    this.#waits.close();
  }

  async #identityKey(): Promise<IdentityKey> {
    this.#key ??= await this.#options.keys.load();
    return this.#key ?? this.#register();
  }

  #register(): Promise<IdentityKey> {
    this.#registering ??= this.#registerOnce().finally(() => {
      this.#registering = undefined;
    });
    return this.#registering;
  }

  async #registerOnce(): Promise<IdentityKey> {
    const { random, crypto } = this.#platform;
    const { tenantId, serverKeys, timeoutMs } = this.#config;
    const { enrolToken } = this.#options;
    const registration: AppRegistration = {
      tenantId,
      clientNonce: random.bytes(CLIENT_NONCE_BYTES),
      ...(enrolToken !== undefined && { enrolToken }),
    };
    const { key, request } = await this.#options.keys.introduce(registration);
    const body = writeAppRegisterRequest(request);
    const answer = parseRegisterAnswer(
      await this.#link.post(APP_REGISTER_PATH, body, { timeoutMs }),
    );
    const subject = appSubject(crypto, request, key.assurance, key.publicKey);
    checkRegisterAnswer(crypto, serverKeys, subject, answer);
    this.#key = key;
    this.#status = answer.status;
    return key;
  }

  /** One attempt; repeating it is the session keeper's business. */
  async #openSession(): Promise<OpenedSession> {
    const known = await this.#identityKey();
    const key = this.#status === "pending" ? await this.#register() : known;
    if (this.#status === "pending") throw new LatchkeyError("node-pending");
    return this.#proveKey(key).catch(async (error: unknown) => {
      if (!isNodeForgotten(error)) throw error;
      return this.#proveKey(await this.#register());
    });
  }

  #proveKey(key: IdentityKey): Promise<OpenedSession> {
    const { crypto, random, clock } = this.#platform;
    const { tenantId, serverKeys, timeoutMs } = this.#config;
    const link = this.#link;
    const nodeClock = this.#clock;
    const context = { crypto, random, clock, nodeClock, link, tenantId, serverKeys, timeoutMs };
    return openSession(context, this.#prover(key), () => {});
  }

  /** The key signs wherever it is; all else is the protocol's. */
  #prover(key: IdentityKey): Prover {
    const { crypto } = this.#platform;
    const { tenantId, audience } = this.#config;
    const { publicKey, assurance } = key;
    return {
      challengePath: APP_CHALLENGE_PATH,
      verifyPath: APP_VERIFY_PATH,
      uid: subjectUid(identityHash(crypto, publicKey)),
      commKey: NO_COMM_KEY,
      writeChallengeRequest: (request) => writeAppChallengeRequest(crypto, publicKey, request),
      async prove(exchange) {
        const auth = { ...exchange, tenantId, audience, assurance, publicKey };
        const transcript = appAuthTranscript(auth);
        const proof = await key.prove(transcript);
        const { challengeId, nodeEpk: appEpk } = exchange;
        const verify = { challengeId, appEpk, audience, publicKey, proof };
        return { transcript, body: writeAppVerifyRequest(verify) };
      },
    };
  }
}
