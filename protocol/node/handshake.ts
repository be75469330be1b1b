import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";
import { LatchkeyError } from "../errors.ts";
import { decodeBody } from "../json/body.ts";
import type { Clock, Random } from "../platform.ts";
import {
  type ChallengeRequest,
  checkChallenge,
  parseChallenge,
  writeChallengeRequest,
} from "./challenge.ts";
import {
  CHALLENGE_PATH,
  CLIENT_NONCE_BYTES,
  REGISTER_PATH,
  TIME_PATH,
  VERIFY_PATH,
} from "./endpoints.ts";
import { type Envelope, openEnvelope, parseEnvelope } from "./envelope.ts";
import type { NodeClock } from "./node-clock.ts";
import type { NodeKey } from "./node-key.ts";
import { heldToken, NodeSession } from "./node-session.ts";
import {
  checkRegisterAnswer,
  parseRegisterAnswer,
  type RegisterAnswer,
  signRegistration,
  writeRegisterRequest,
} from "./registration.ts";
import type { ServerLink } from "./server-link.ts";
import { deriveSessionKeys, type SessionKeys, wipeSessionKeys } from "./session-keys.ts";
import { checkTime, parseTimeAnswer, writeTimeRequest } from "./time.ts";
import { nodeAuthTranscript, parseVerifyAnswer, writeVerifyRequest } from "./verify.ts";

/** What a node brings to its conversations with the server before there is a session. */
export interface HandshakeContext {
  readonly crypto: CryptoProvider;
  readonly random: Random;
  readonly clock: Clock;
  readonly nodeClock: NodeClock;
  readonly link: ServerLink;
  readonly tenantId: string;
  readonly nodeType: string;
  readonly enrolToken: string | undefined;
  readonly commKey: Secret;
  readonly commIv: Uint8Array;
  readonly serverKeys: readonly Uint8Array[];
  readonly timeoutMs: number;
}

/** Asks for the time and sets the node's clock by it. @throws server-untrusted */
export async function fetchTime(context: HandshakeContext): Promise<number> {
  const { crypto, link, serverKeys, timeoutMs } = context;
  const request = { clientNonce: context.random.bytes(CLIENT_NONCE_BYTES) };
  const body = await link.post(TIME_PATH, writeTimeRequest(request), { timeoutMs });
  const answer = parseTimeAnswer(body);
  checkTime(crypto, serverKeys, request, answer);
  context.nodeClock.sync(answer.serverTime);
  return answer.serverTime;
}

/** Registers the node's key; as often as one likes. @throws server-untrusted */
export async function register(context: HandshakeContext, key: NodeKey): Promise<RegisterAnswer> {
  const { crypto, link, serverKeys, timeoutMs, enrolToken } = context;
  const node = {
    tenantId: context.tenantId,
    nodeType: context.nodeType,
    nodePk: key.publicKey,
    clientNonce: context.random.bytes(CLIENT_NONCE_BYTES),
    ...(enrolToken !== undefined && { enrolToken }),
  };
  const { commKey, commIv } = context;
  const request = signRegistration(crypto, key.seed.bytes, commKey.bytes, commIv, node);
  const body = await link.post(REGISTER_PATH, writeRegisterRequest(request), { timeoutMs });
  const answer = parseRegisterAnswer(body);
  checkRegisterAnswer(crypto, serverKeys, node, answer);
  context.nodeClock.sync(answer.serverTime);
  return answer;
}

/** What is left to do with the first sealed message: open it and hold the token. */
interface Agreement {
  readonly keys: SessionKeys;
  readonly answer: Promise<Envelope>;
  readonly sentAtMs: number;
}

/** Asks for a challenge, answers it and derives the session's keys while the answer travels. */
async function agree(
  context: HandshakeContext,
  key: NodeKey,
  nodeUid: string,
  onChallenge: () => void,
): Promise<Agreement> {
  const { crypto, random, link, tenantId, timeoutMs } = context;
  const clientNonce = random.bytes(CLIENT_NONCE_BYTES);
  const request: ChallengeRequest = { tenantId, nodeUid, clientNonce };
  const challenging = link.post(CHALLENGE_PATH, writeChallengeRequest(request), { timeoutMs });
  const ephemeral = new Secret(random.bytes(32));
  try {
    const nodeEpk = crypto.x25519PublicKey(ephemeral.bytes); // while the challenge travels
    const challenge = parseChallenge(await challenging);
    const serverPk = checkChallenge(crypto, context.serverKeys, request, challenge);
    context.nodeClock.sync(challenge.serverTime);
    onChallenge();
    const { challengeId, nonce, serverEpk } = challenge;
    const nodePk = key.publicKey;
    const auth = { tenantId, nodeUid, challengeId, nonce, serverEpk, nodeEpk, nodePk, serverPk };
    const message = nodeAuthTranscript(auth);
    const signature = crypto.ed25519Sign(key.seed.bytes, message);
    const verify = writeVerifyRequest({ challengeId, nodeEpk, signature });
    const sentAtMs = context.clock.monotonicMs();
    const answer = link.post(VERIFY_PATH, verify, { timeoutMs }).then(parseEnvelope);
    answer.catch(() => {}); // whoever awaits it sees the error; nobody may, if the next line throws
    const commKey = context.commKey.bytes;
    const keys = deriveSessionKeys(crypto, ephemeral, serverEpk, commKey, message);
    return { keys, answer, sentAtMs };
  } finally {
    ephemeral.wipe();
    challenging.catch(() => {});
  }
}

export interface OpenedSession {
  readonly session: NodeSession;
  readonly expiresInSeconds: number;
  readonly next: readonly string[];
}

/**
 * Proves the node's identity and opens a session.
 * @param onChallenge called when a genuine challenge has come
 * @throws server-untrusted, key-agreement-failed, envelope-invalid, and what the server answers
 */
export async function openSession(
  context: HandshakeContext,
  key: NodeKey,
  nodeUid: string,
  onChallenge: () => void,
): Promise<OpenedSession> {
  const { crypto, clock, tenantId } = context;
  const { keys, answer, sentAtMs } = await agree(context, key, nodeUid, onChallenge);
  try {
    const envelope = await answer;
    // Number 0 is this exchange; the node's requests start at 1, so no nonce serves twice.
    if (envelope.seq !== 0) throw new LatchkeyError("envelope-invalid");
    const plain = openEnvelope(crypto, keys, "down", { tenantId, path: VERIFY_PATH }, envelope);
    const { token, expiresIn, next } = parseVerifyAnswer(decodeBody(plain));
    const held = heldToken(token, expiresIn, sentAtMs);
    const session = new NodeSession(crypto, keys, tenantId, held, clock.monotonicMs());
    return { session, expiresInSeconds: expiresIn, next };
  } catch (error) {
    wipeSessionKeys(keys);
    throw error;
  }
}
