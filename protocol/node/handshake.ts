import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";
import { LatchkeyError } from "../errors.ts";
import { decodeBody } from "../json/body.ts";
import type { JsonObject } from "../json/reader.ts";
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
import {
  type NodeAuth,
  nodeAuthTranscript,
  parseVerifyAnswer,
  writeVerifyRequest,
} from "./verify.ts";

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
  /** Lets the event loop have a turn; on a device, between two computations of 20 ms each. */
  readonly turn?: () => Promise<void>;
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

/** All that the two sides agree on, without the names of who proves itself. */
export type ProvenExchange = Pick<
  NodeAuth,
  "challengeId" | "nonce" | "serverEpk" | "nodeEpk" | "serverPk"
>;

/** The proof as it is sent, and the transcript that it is over. */
export interface Proof {
  readonly transcript: Uint8Array;
  readonly body: JsonObject;
}

/** Who proves itself to the server, and how: what differs between a node and an application. */
export interface Prover {
  readonly challengePath: string;
  readonly verifyPath: string;
  /** The UID that the challenge is asked for and signed with. */
  readonly uid: string;
  /** Goes into the session's keys; empty where the two sides share none beforehand. */
  readonly commKey: Uint8Array;
  writeChallengeRequest(request: ChallengeRequest): JsonObject;
  /** Signs, now or later: a key that cannot be exported signs outside of this program. */
  prove(exchange: ProvenExchange): Proof | Promise<Proof>;
}

/** What `openSession` needs of its surroundings, whoever proves itself. */
export type ProofContext = Pick<
  HandshakeContext,
  | "crypto"
  | "random"
  | "clock"
  | "nodeClock"
  | "link"
  | "tenantId"
  | "serverKeys"
  | "timeoutMs"
  | "turn"
>;

/** A node proves itself with its seed. */
function nodeProver(context: HandshakeContext, key: NodeKey, nodeUid: string): Prover {
  const { crypto, tenantId } = context;
  return {
    challengePath: CHALLENGE_PATH,
    verifyPath: VERIFY_PATH,
    uid: nodeUid,
    commKey: context.commKey.bytes,
    writeChallengeRequest,
    prove(exchange) {
      const message = nodeAuthTranscript({ ...exchange, tenantId, nodeUid, nodePk: key.publicKey });
      const signature = crypto.ed25519Sign(key.seed.bytes, message);
      const { challengeId, nodeEpk } = exchange;
      return { transcript: message, body: writeVerifyRequest({ challengeId, nodeEpk, signature }) };
    },
  };
}

/** What is left to do with the first sealed message: open it and hold the token. */
interface Agreement {
  readonly keys: SessionKeys;
  readonly answer: Promise<Envelope>;
  readonly sentAtMs: number;
}

/** Asks for a challenge, answers it and derives the session's keys while the answer travels. */
async function agree(
  context: ProofContext,
  prover: Prover,
  onChallenge: () => void,
): Promise<Agreement> {
  const { crypto, random, link, tenantId, timeoutMs } = context;
  const clientNonce = random.bytes(CLIENT_NONCE_BYTES);
  const request: ChallengeRequest = { tenantId, nodeUid: prover.uid, clientNonce };
  const asked = prover.writeChallengeRequest(request);
  const challenging = link.post(prover.challengePath, asked, { timeoutMs });
  const ephemeral = new Secret(random.bytes(32));
  try {
    const nodeEpk = crypto.x25519PublicKey(ephemeral.bytes); // while the challenge travels
    const challenge = parseChallenge(await challenging);
    const serverPk = checkChallenge(crypto, context.serverKeys, request, challenge);
    context.nodeClock.sync(challenge.serverTime);
    onChallenge();
    const { challengeId, nonce, serverEpk } = challenge;
    const proving = prover.prove({ challengeId, nonce, serverEpk, nodeEpk, serverPk });
    // A node has its proof at once and must not lose a turn of its event loop over it.
    const proof = proving instanceof Promise ? await proving : proving;
    const sentAtMs = context.clock.monotonicMs();
    const answer = link.post(prover.verifyPath, proof.body, { timeoutMs }).then(parseEnvelope);
    answer.catch(() => {}); // whoever awaits it sees the error; nobody may, if the next line throws
    await context.turn?.(); // the proof travels meanwhile
    const { commKey } = prover;
    const keys = deriveSessionKeys(crypto, ephemeral, serverEpk, commKey, proof.transcript);
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
 * Proves an identity and opens a session.
 * @param onChallenge called when a genuine challenge has come
 * @throws server-untrusted, key-agreement-failed, envelope-invalid, and what the server answers
 */
export async function openSession(
  context: ProofContext,
  prover: Prover,
  onChallenge: () => void,
): Promise<OpenedSession> {
  const { crypto, clock, tenantId } = context;
  const { keys, answer, sentAtMs } = await agree(context, prover, onChallenge);
  try {
    const envelope = await answer;
    // Number 0 is this exchange; requests start at 1, so no nonce serves twice.
    if (envelope.seq !== 0) throw new LatchkeyError("envelope-invalid");
    const sealing = { tenantId, path: prover.verifyPath };
    const plain = openEnvelope(crypto, keys, "down", sealing, envelope);
    const { token, expiresIn, next } = parseVerifyAnswer(decodeBody(plain));
    const held = heldToken(token, expiresIn, sentAtMs);
    const session = new NodeSession(crypto, keys, tenantId, held, clock.monotonicMs());
    return { session, expiresInSeconds: expiresIn, next };
  } catch (error) {
    wipeSessionKeys(keys);
    throw error;
  }
}

/** The same for a node, by its seed. */
export function openNodeSession(
  context: HandshakeContext,
  key: NodeKey,
  nodeUid: string,
  onChallenge: () => void,
): Promise<OpenedSession> {
  return openSession(context, nodeProver(context, key, nodeUid), onChallenge);
}
