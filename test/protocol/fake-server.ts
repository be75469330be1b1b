import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import { decodeBody, encodeBody } from "../../protocol/json/body.ts";
import { toProblem } from "../../protocol/json/problem.ts";
import { type JsonObject, type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import {
  type Challenge,
  type ChallengeRequest,
  parseChallengeRequest,
  signChallenge,
  writeChallenge,
} from "../../protocol/node/challenge.ts";
import {
  CHALLENGE_PATH,
  CHECK_IN_PATH,
  POST_PATH,
  REGISTER_PATH,
  TIME_PATH,
  VERIFY_PATH,
} from "../../protocol/node/endpoints.ts";
import {
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
  writeEnvelope,
} from "../../protocol/node/envelope.ts";
import { keyId } from "../../protocol/node/jwk.ts";
import { signJwt, type TokenClaims, verifyJwt } from "../../protocol/node/jwt.ts";
import {
  checkRegistration,
  parseRegisterRequest,
  type RegisterStatus,
  signRegisterAnswer,
  writeRegisterAnswer,
} from "../../protocol/node/registration.ts";
import { ReplayWindow } from "../../protocol/node/replay-window.ts";
import { deriveSessionKeys, type SessionKeys } from "../../protocol/node/session-keys.ts";
import { parseTimeRequest, signTime, writeTimeAnswer } from "../../protocol/node/time.ts";
import {
  checkNodeAuth,
  nodeAuthTranscript,
  parseVerifyRequest,
  writeVerifyAnswer,
} from "../../protocol/node/verify.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import type { FakeTime } from "./fake-time.ts";

export const BASE_URL = "http://server.test/api";
export const COMM_KEY = new Uint8Array(32).fill(0xc0);
export const COMM_IV = new Uint8Array(12).fill(0xc1);
export const SERVER_SEED = new Uint8Array(32).fill(0x5e);
const START_UNIX = 1_760_000_000;

interface Session {
  readonly keys: SessionKeys;
  readonly window: ReplayWindow;
  readonly tenantId: string;
  readonly nodeUid: string;
}

/** A server made of the protocol's own functions, with its memory in the open. */
export class FakeServer implements HttpClient {
  readonly nodes = new Map<string, { uid: string; status: RegisterStatus; tenantId: string }>();
  readonly sessions = new Map<string, Session>();
  /** Every request, in order, as it came. */
  readonly requests: HttpRequest[] = [];
  /** What arrived sealed at ii_post. */
  readonly posts: JsonObject[] = [];
  policy: RegisterStatus = "registered";
  tokenSeconds = 900;
  latencyMs = 10;
  /** Number of the verify exchange; anything but 0 is against the protocol. */
  verifySeq = 0;
  /** Stands in the way of a request: may answer itself, change what it forwards, or throw. */
  intercept:
    | ((
        request: HttpRequest,
        forward: (request?: HttpRequest) => Promise<HttpResponse>,
      ) => Promise<HttpResponse>)
    | undefined;
  readonly #crypto: CryptoProvider;
  readonly #time: FakeTime;
  readonly #challenges = new Map<
    string,
    { request: ChallengeRequest; challenge: Challenge; secret: Secret }
  >();
  #drawn = 0;
  seed = SERVER_SEED;

  constructor(crypto: CryptoProvider, time: FakeTime) {
    this.#crypto = crypto;
    this.#time = time;
  }

  get publicKey(): Uint8Array {
    return this.#crypto.ed25519PublicKey(this.seed);
  }

  nowUnix(): number {
    return START_UNIX + Math.floor(this.#time.nowMs / 1000);
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.requests.filter((request) => request.url.endsWith(path)).length;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    const forward = async (forwarded = request) => {
      await this.#time.sleep(this.latencyMs);
      return this.handle(forwarded);
    };
    return this.intercept === undefined ? forward() : this.intercept(request, forward);
  }

  handle({ url, headers, body }: HttpRequest): HttpResponse {
    try {
      const path = url.slice(BASE_URL.length + 1);
      const answer = this.#route(path, parseObject(body), headers["authorization"]);
      return { status: 200, headers: {}, body: JSON.stringify(answer) };
    } catch (error) {
      const problem = toProblem(toLatchkeyError(error));
      return { status: problem.status, headers: {}, body: JSON.stringify(problem) };
    }
  }

  #route(path: string, body: JsonReader, authorization: string | undefined): JsonObject {
    if (path === TIME_PATH)
      return writeTimeAnswer(
        signTime(this.#crypto, this.seed, parseTimeRequest(body), this.nowUnix()),
      );
    if (path === REGISTER_PATH) return this.#register(body);
    if (path === CHALLENGE_PATH) return this.#challenge(body);
    if (path === VERIFY_PATH) return this.#verify(body);
    return this.#sealed(path, body, authorization);
  }

  #register(body: JsonReader): JsonObject {
    const request = parseRegisterRequest(body);
    checkRegistration(this.#crypto, COMM_KEY, COMM_IV, request);
    const key = toHex(request.nodePk);
    const known = this.nodes.get(key);
    const node = known ?? { uid: this.#uuid(), status: this.policy, tenantId: request.tenantId };
    if (known === undefined) this.nodes.set(key, node);
    const status = known?.status === "registered" ? "exists" : node.status;
    const answer = { nodeUid: node.uid, status, serverTime: this.nowUnix() };
    return writeRegisterAnswer(signRegisterAnswer(this.#crypto, this.seed, request, answer));
  }

  #challenge(body: JsonReader): JsonObject {
    const request = parseChallengeRequest(body);
    const secret = new Secret(this.#random(32));
    const challenge = signChallenge(this.#crypto, this.seed, request, {
      challengeId: this.#uuid(),
      nonce: this.#random(32),
      serverEpk: this.#crypto.x25519PublicKey(secret.bytes),
      serverTime: this.nowUnix(),
      expiresIn: 60,
    });
    this.#challenges.set(challenge.challengeId, { request, challenge, secret });
    return writeChallenge(challenge);
  }

  #verify(body: JsonReader): JsonObject {
    const { challengeId, nodeEpk, signature } = parseVerifyRequest(body);
    const issued = this.#challenges.get(challengeId);
    if (issued === undefined) throw new LatchkeyError("challenge-used");
    this.#challenges.delete(challengeId);
    const { request, challenge, secret } = issued;
    const known = [...this.nodes].find(([, { uid }]) => uid === request.nodeUid);
    if (known === undefined) throw new LatchkeyError("signature-invalid");
    const [pk, node] = known;
    const nodePk = Uint8Array.from({ length: 32 }, (_, i) =>
      Number.parseInt(pk.slice(2 * i, 2 * i + 2), 16),
    );
    const { tenantId, nodeUid } = request;
    const { nonce, serverEpk } = challenge;
    const serverPk = this.publicKey;
    const auth = { tenantId, nodeUid, challengeId, nonce, serverEpk, nodeEpk, nodePk, serverPk };
    checkNodeAuth(this.#crypto, auth, signature);
    if (node.tenantId !== tenantId) throw new LatchkeyError("tenant-mismatch");
    const keys = deriveSessionKeys(
      this.#crypto,
      secret,
      nodeEpk,
      COMM_KEY,
      nodeAuthTranscript(auth),
    );
    const session = { keys, window: new ReplayWindow(), tenantId, nodeUid };
    this.sessions.set(keys.sid, session);
    const grant = this.#grant(session);
    return this.#seal(
      session,
      VERIFY_PATH,
      this.verifySeq,
      writeVerifyAnswer({ ...grant, next: ["update"] }),
    );
  }

  #sealed(path: string, body: JsonReader, authorization: string | undefined): JsonObject {
    const envelope = parseEnvelope(body);
    const session = this.sessions.get(envelope.sid);
    if (session === undefined) throw new LatchkeyError("session-unknown");
    if (this.#claims(authorization).sid !== envelope.sid) throw new LatchkeyError("token-invalid");
    if (!session.window.check(envelope.seq)) throw new LatchkeyError("replay");
    const context = { tenantId: session.tenantId, path };
    const plain = openEnvelope(this.#crypto, session.keys, "up", context, envelope);
    session.window.commit(envelope.seq);
    return this.#seal(session, path, envelope.seq, this.#answer(path, decodeBody(plain), session));
  }

  #answer(path: string, body: JsonReader, session: Session): JsonObject {
    if (path === POST_PATH) {
      this.posts.push(body.value);
      return { echo: body.value };
    }
    if (path !== CHECK_IN_PATH) throw new LatchkeyError("not-found");
    const { token, expiresIn } = this.#grant(session);
    return { token, expires_in: expiresIn, server_time: this.nowUnix(), next: ["config"] };
  }

  #grant({ keys, tenantId, nodeUid }: Session): { token: string; expiresIn: number } {
    const iat = this.nowUnix();
    const claims = {
      sub: nodeUid,
      tid: tenantId,
      typ: "reader",
      sid: keys.sid,
      iat,
      exp: iat + this.tokenSeconds,
    };
    const token = signJwt(this.#crypto, this.seed, claims, keyId(this.#crypto, this.publicKey));
    return { token, expiresIn: this.tokenSeconds };
  }

  #claims(authorization: string | undefined): TokenClaims {
    const kid = keyId(this.#crypto, this.publicKey);
    const token = authorization?.startsWith("Bearer ") ? authorization.slice(7) : "";
    return verifyJwt(
      this.#crypto,
      token,
      (id) => (id === kid ? this.publicKey : undefined),
      this.nowUnix(),
    );
  }

  #seal({ keys, tenantId }: Session, path: string, seq: number, answer: JsonObject): JsonObject {
    const context = { seq, tenantId, path };
    return writeEnvelope(sealEnvelope(this.#crypto, keys, "down", context, encodeBody(answer)));
  }

  #random(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = this.#crypto.sha256(Uint8Array.of(0x5e, this.#drawn >> 8, this.#drawn++ & 255));
      out.set(block.subarray(0, Math.min(32, length - at)), at);
    }
    return out;
  }

  #uuid(): string {
    return uuidFromRandom(this.#random(16));
  }
}
