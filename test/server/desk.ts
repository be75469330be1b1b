import { createBadgeChip } from "../../host-sim/nfc/badge-chip.ts";
import type { Card } from "../../host-sim/nfc/card.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { signBadgeAuth } from "../../protocol/badge/auth.ts";
import { parseBadgeChallenge } from "../../protocol/badge/challenge.ts";
import { BADGE_CHALLENGE_PATH, BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import { badgeKey, badgeKeyFor } from "../../protocol/badge/key-id.ts";
import { parseBadgeFile } from "../../protocol/badge/link.ts";
import { openPayload } from "../../protocol/badge/payload.ts";
import {
  type BadgeDecision,
  parseBadgeDecision,
  type VerifyBadgeRequest,
  writeVerifyBadgeRequest,
} from "../../protocol/badge/verify.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { readNdefFile } from "../../protocol/nfc/ntag424-read.ts";
import type { IdentityOptions } from "../../protocol/node/identity-config.ts";
import { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { HttpClient, Storage, Timer } from "../../protocol/platform.ts";
import {
  parseSensorDataAnswer,
  type SensorDataAnswer,
  type SensorReading,
  writeSensorData,
} from "../../protocol/telemetry/sensor-data.ts";
import type { BadgeOrder, IssuedBadge, NewTenant, Provisioning } from "../../server/admin.ts";
import type { ApplicationOptions } from "../../server/application/application-options.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { createEphemeralService } from "../../server/ephemeral-service.ts";
import type { Limits } from "../../server/limits.ts";
import type { BrokerOptions } from "../../server/mqtt/broker-options.ts";
import type { Service } from "../../server/service.ts";
import type { Records } from "../../server/store/records.ts";
import { checkDocumented, checkSealed, noteFault } from "./api-check.ts";

/** 2026-03-01 12:00:00 UTC. */
const START_MS = 1_772_366_400_000;

const timer: Timer = {
  set: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export class MapStorage implements Storage {
  readonly #values = new Map<string, Uint8Array>();
  get(key: string): Uint8Array | undefined {
    return this.#values.get(key)?.slice();
  }
  set(key: string, value: Uint8Array): void {
    this.#values.set(key, value.slice());
  }
  delete(key: string): void {
    this.#values.delete(key);
  }
}

/** What went over the wire, for tests that repeat or alter it. */
export interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The service without sockets, as the simulator has it. */
export function inProcess(service: Service): HttpClient {
  return {
    request: ({ method, url, headers, body }) =>
      service.handle({ method, path: new URL(url).pathname, headers, body }),
  };
}

/** The service over a real socket. */
export const overHttp: HttpClient = {
  async request({ method, url, headers, body }) {
    const response = await fetch(url, { method, headers, body });
    const entries = Object.fromEntries(response.headers);
    return { status: response.status, headers: entries, body: await response.text() };
  },
};

/** Every answer that a test gets is held against the OpenAPI document. */
function documented(service: Service): Service["handle"] {
  return async (request) => {
    const response = await service.handle(request);
    try {
      checkDocumented(request, response);
    } catch (fault) {
      noteFault(fault);
      throw fault;
    }
    return response;
  };
}

export interface DeskOptions {
  readonly limits?: Partial<Limits>;
  readonly databasePath?: string;
  readonly records?: Records;
  readonly timer?: Timer;
  readonly broker?: BrokerOptions;
  readonly applications?: ApplicationOptions;
  readonly seed?: string;
  readonly sha3?: Sha3;
  readonly fetchList?: (uri: string) => Promise<string>;
}

/** A service with a clock in the hand and random numbers from a seed. */
export class Desk {
  nowMs = START_MS;
  readonly log: string[] = [];
  readonly random: Prng;
  readonly service: Service;
  readonly #nodes: IdentityNode[] = [];

  constructor(options: DeskOptions = {}) {
    const { seed = "desk", ...rest } = options;
    this.random = new Prng(seed, "server");
    const service = createEphemeralService({
      clock: { unixMs: () => this.nowMs },
      random: this.random,
      log: { write: (...line) => this.log.push(JSON.stringify(line)) },
      ...rest,
    });
    this.service = { ...service, handle: documented(service) };
  }

  async tenant(order: Partial<NewTenant> = {}): Promise<Provisioning> {
    const { admin } = this.service;
    const tenant = await admin.createTenant({ name: "test", registration: "auto", ...order });
    return admin.provisioning(tenant.tenantId);
  }

  /** Posts JSON, or a text as it is. */
  post(
    path: string,
    body: object | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ServiceResponse> {
    return this.service.handle({
      method: "POST",
      path: `/${path}`,
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  node(provisioning: Provisioning, options: TestNodeOptions = {}): TestNode {
    const { http = inProcess(this.service) } = options;
    const node = new TestNode(provisioning, http, this, options);
    this.#nodes.push(node.identity);
    return node;
  }

  close(): void {
    for (const node of this.#nodes) node.close();
    this.service.close();
  }
}

export interface TestNodeOptions extends Partial<IdentityOptions> {
  /** Nodes of one name have one key. */
  readonly name?: string;
  readonly storage?: Storage;
  readonly http?: HttpClient;
}

/** A node made of the protocol's own code, with every request on record. */
export class TestNode {
  readonly identity: IdentityNode;
  readonly sent: Sent[] = [];
  readonly provisioning: Provisioning;
  readonly storage: Storage;
  nodeUid = "";
  nodePk: Uint8Array = new Uint8Array(0);

  constructor(
    provisioning: Provisioning,
    http: HttpClient,
    clock: { readonly nowMs: number },
    options: TestNodeOptions = {},
  ) {
    const { name = "node", storage = new MapStorage(), http: _, ...identity } = options;
    this.provisioning = provisioning;
    this.storage = storage;
    const recording: HttpClient = {
      request: (request) => {
        const { url, headers, body } = request;
        this.sent.push({ path: new URL(url).pathname.slice(1), headers, body });
        return http.request(request);
      },
    };
    this.identity = new IdentityNode({
      baseUrl: "http://door.test",
      nodeType: "reader",
      ...provisioning,
      retry: { attempts: 1, baseMs: 0, maxMs: 0 },
      platform: {
        clock: { monotonicMs: () => clock.nowMs },
        timer,
        random: new Prng(`${name} ${provisioning.tenantId}`, "node"),
        storage,
        http: recording,
        crypto: nobleCrypto,
        log: { write: () => {} },
      },
      ...identity,
    });
    const call = this.identity.call.bind(this.identity);
    this.identity.call = async (path, body, how) => {
      const answer = await call(path, body, how);
      checkSealed(path, answer);
      return answer;
    };
  }

  async boot(): Promise<this> {
    this.nodeUid = (await this.identity.ensureRegistered()).nodeUid;
    this.nodePk = (await this.identity.init()).nodePk;
    await this.identity.authenticate();
    return this;
  }

  async challenge(badgeUid?: string): Promise<{ challengeId: string; nonce: Uint8Array }> {
    const answer = await this.identity.call(BADGE_CHALLENGE_PATH, {
      tenant_id: this.provisioning.tenantId,
      node_uid: this.nodeUid,
      ...(badgeUid && { badge_uid: Buffer.from(badgeUid, "hex").toString("base64url") }),
    });
    return parseBadgeChallenge(new JsonReader(answer));
  }

  /** Reads the card as a reader does, and answers the challenge; `claim` says otherwise. */
  async answer(
    card: Card,
    challenge: { challengeId: string; nonce: Uint8Array },
    claim: { readonly nodePk?: Uint8Array; readonly df1?: Uint8Array } = {},
  ): Promise<VerifyBadgeRequest> {
    const { tenantId } = this.provisioning;
    const df1 = claim.df1 ? new Secret(claim.df1.slice()) : this.provisioning.df1;
    card.fieldOn();
    const { file } = await readNdefFile(async (apdu) => card.apdu(apdu).response);
    card.fieldOff();
    const link = parseBadgeFile(file);
    const uid = card.uid;
    const key = badgeKeyFor([badgeKey(nobleCrypto, df1)], link.keyId);
    const opening = { df1: key.df1.bytes, uid, nodePk: claim.nodePk ?? this.nodePk };
    const seed = openPayload(nobleCrypto, link.payload, opening);
    const fields = { tenantId, nodeUid: this.nodeUid, badgeUid: uid, ...challenge };
    const signature = signBadgeAuth(nobleCrypto, seed, fields);
    const { challengeId } = challenge;
    return { challengeId, badgeUid: uid, signature, picc: link.picc, cmac: link.cmac };
  }

  async decide(request: VerifyBadgeRequest): Promise<BadgeDecision> {
    const body = writeVerifyBadgeRequest(request);
    return parseBadgeDecision(new JsonReader(await this.identity.call(BADGE_VERIFY_PATH, body)));
  }

  /** Posts readings as a node with a log does. */
  async report(
    readings: readonly SensorReading[],
    logId: Uint8Array = new Uint8Array(8).fill(0x10),
  ): Promise<SensorDataAnswer> {
    const { tenantId } = this.provisioning;
    const data = { nodeUid: this.nodeUid, tenantId, nodeType: "sensor", logId, readings };
    const answer = await this.identity.postEncrypted(writeSensorData(data));
    return parseSensorDataAnswer(new JsonReader(answer));
  }

  /** A tap from beginning to end. */
  async tap(card: Card): Promise<BadgeDecision> {
    return this.decide(await this.answer(card, await this.challenge()));
  }
}

/** One that is good, numbered. */
export function warm(seq: number, temperature = 21.5): SensorReading {
  return { seq, fields: { temperature } };
}

let serial = 0;

/** A chip UID that no other badge of the run has. */
export function nextUid(): Uint8Array {
  return fromHex(`04${(++serial).toString(16).padStart(12, "0")}`);
}

/** The badge that an order becomes: the simulator's chip, personalised with what was issued. */
export function chipOf(issued: IssuedBadge, counter = 0) {
  const { badgeUid: uid, file, piccOffset, macInputOffset, macOffset } = issued;
  return createBadgeChip({
    uid,
    crypto: nobleCrypto,
    random: new Prng("chip", Buffer.from(uid).toString("hex")),
    keys: issued.chipKeys.map((key) => key.bytes),
    ndefFile: file,
    sdm: {
      metaReadKey: issued.metaReadKeyNo,
      fileReadKey: issued.fileReadKeyNo,
      piccDataOffset: piccOffset,
      macInputOffset,
      macOffset,
    },
    counter,
  });
}

export async function badge(service: Service, tenantId: string, order: Partial<BadgeOrder> = {}) {
  const badgeUid = nextUid();
  const whole = { tenantId, badgeUid, mode: "STD", holder: "Ada Lovelace", ...order } as const;
  return chipOf(await service.admin.issueBadge(whole));
}

/** The code of a problem document, or `ok`. */
export function codeOf(response: ServiceResponse): string {
  return response.status === 200 ? "ok" : JSON.parse(response.body).code;
}

/** The reason of a denial, or `granted`. */
export function reasonOf(decision: BadgeDecision): string {
  return decision.granted ? "granted" : decision.reason;
}

/** What a node sent last to that path. */
export function lastSent(node: TestNode, path: string): Sent {
  return node.sent.findLast((sent) => sent.path === path)!;
}
