import { randomBytes } from "node:crypto";
import { Secret } from "../../protocol/crypto/secret.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import { parseChallenge, writeChallengeRequest } from "../../protocol/node/challenge.ts";
import {
  CHALLENGE_PATH,
  POST_PATH,
  REGISTER_PATH,
  VERIFY_PATH,
} from "../../protocol/node/endpoints.ts";
import {
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
  writeEnvelope,
} from "../../protocol/node/envelope.ts";
import {
  parseRegisterAnswer,
  signRegistration,
  writeRegisterRequest,
} from "../../protocol/node/registration.ts";
import { deriveSessionKeys, type SessionKeys } from "../../protocol/node/session-keys.ts";
import {
  nodeAuthTranscript,
  parseVerifyAnswer,
  writeVerifyRequest,
} from "../../protocol/node/verify.ts";
import { type SensorReading, writeSensorData } from "../../protocol/telemetry/sensor-data.ts";
import { nodeCrypto as crypto } from "../../server/node-crypto.ts";
import type { Connection } from "./connection.ts";

const JSON_TYPE = "application/json";

/** What the server under test says of itself; bytes in hexadecimal. */
export interface ServerFacts {
  readonly url: string;
  readonly tenantId: string;
  readonly commKey: string;
  readonly commIv: string;
  readonly serverPk: string;
}

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

async function post(
  connection: Connection,
  path: string,
  body: object,
  token?: string,
): Promise<string> {
  const headers = token === undefined ? "" : `authorization: Bearer ${token}\r\n`;
  const answer = await connection.post(`/${path}`, JSON_TYPE, JSON.stringify(body), headers);
  if (answer.status === 200) return answer.body;
  throw new Error(`${path}: ${answer.status} ${answer.body}`);
}

/** A node that does what it must and nothing twice: it is the server that is measured. */
export class NodeClient {
  readonly #facts: ServerFacts;
  readonly #seed = new Uint8Array(randomBytes(32));
  readonly #ephemeral = new Uint8Array(randomBytes(32));
  /** One for all handshakes, which a node must not do and which the server cannot tell. */
  readonly #epk = crypto.x25519PublicKey(this.#ephemeral);
  readonly #pk = crypto.ed25519PublicKey(this.#seed);
  #nodeUid = "";
  #keys: SessionKeys | undefined;
  #token = "";
  #seq = 0;

  constructor(facts: ServerFacts) {
    this.#facts = facts;
  }

  async register(connection: Connection): Promise<void> {
    const { tenantId, commKey, commIv } = this.#facts;
    const clientNonce = new Uint8Array(randomBytes(16));
    const node = { tenantId, nodeType: "sensor", nodePk: this.#pk, clientNonce };
    const keys = [bytesOf(commKey), bytesOf(commIv)] as const;
    const request = signRegistration(crypto, this.#seed, ...keys, node);
    const answer = await post(connection, REGISTER_PATH, writeRegisterRequest(request));
    this.#nodeUid = parseRegisterAnswer(parseObject(answer)).nodeUid;
  }

  /** A challenge, its answer, a sealed token: two requests. @returns the transcript and answer */
  async #handshake(connection: Connection) {
    const { tenantId, serverPk } = this.#facts;
    const clientNonce = new Uint8Array(randomBytes(16));
    const asked = writeChallengeRequest({ tenantId, nodeUid: this.#nodeUid, clientNonce });
    const challenge = parseChallenge(parseObject(await post(connection, CHALLENGE_PATH, asked)));
    const { challengeId, nonce, serverEpk } = challenge;
    const transcript = nodeAuthTranscript({
      ...{ tenantId, nodeUid: this.#nodeUid, challengeId, nonce, serverEpk },
      ...{ nodeEpk: this.#epk, nodePk: this.#pk, serverPk: bytesOf(serverPk) },
    });
    const signature = crypto.ed25519Sign(this.#seed, transcript);
    const proof = writeVerifyRequest({ challengeId, nodeEpk: this.#epk, signature });
    const answer = await post(connection, VERIFY_PATH, proof);
    return { transcript, serverEpk, answer };
  }

  /** The whole of it but for opening the token, which is the node's own work. */
  async authenticate(connection: Connection): Promise<void> {
    await this.#handshake(connection);
  }

  /** With the keys, to post by. */
  async openSession(connection: Connection): Promise<void> {
    const { transcript, serverEpk, answer } = await this.#handshake(connection);
    const { commKey, tenantId } = this.#facts;
    const ephemeral = new Secret(this.#ephemeral.slice());
    const comm = bytesOf(commKey);
    const keys = deriveSessionKeys(crypto, ephemeral, serverEpk, comm, transcript);
    const at = { tenantId, path: VERIFY_PATH };
    const plain = openEnvelope(crypto, keys, "down", at, parseEnvelope(parseObject(answer)));
    this.#token = parseVerifyAnswer(parseObject(fromUtf8(plain))).token;
    this.#keys = keys;
    this.#seq = 0;
  }

  /** Posts readings; their numbers go on from post to post. */
  async report(connection: Connection, readings: readonly SensorReading[]): Promise<void> {
    const { tenantId } = this.#facts;
    const logId = fromBase64("EBESExQVFhc");
    const data = { nodeUid: this.#nodeUid, tenantId, nodeType: "sensor", logId, readings };
    const at = { tenantId, path: POST_PATH, seq: ++this.#seq };
    const plain = toUtf8(JSON.stringify(writeSensorData(data)));
    const sealed = sealEnvelope(crypto, this.#keys!, "up", at, plain);
    await post(connection, POST_PATH, writeEnvelope(sealed), this.#token);
  }
}
