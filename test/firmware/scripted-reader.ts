import { RingLog } from "../../firmware/log.ts";
import { ReaderEngine } from "../../firmware/reader/engine.ts";
import type { Hardware } from "../../firmware/reader/hardware.ts";
import { type ReaderIdentity, ServerWork } from "../../firmware/reader/server-work.ts";
import type { TapRecord } from "../../firmware/reader/tap-records.ts";
import type { PresenceHandler } from "../../hal/pn532/presence.ts";
import { parseDenialReport } from "../../protocol/badge/denial-report.ts";
import { type BadgeKey, badgeKey, badgeKeyId } from "../../protocol/badge/key-id.ts";
import { buildBadgeFile } from "../../protocol/badge/link.ts";
import { sealPayload } from "../../protocol/badge/payload.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { RegisterStatus } from "../../protocol/node/registration.ts";
import { VirtualTime } from "../hal/virtual-time.ts";
import { toyCrypto } from "../protocol/toy-crypto.ts";
import { POLICY } from "./closed-world.ts";

export const TENANT = "3f2b8a52-6d2e-4c65-9a59-0d3c1f6c8a11";
export const NODE = "7d0c2b1e-3f4a-4b5c-8d6e-9f0a1b2c3d4e";
const DF1 = new Uint8Array(32).fill(0x31);
const SEED = new Uint8Array(32).fill(0x53);

type Answer = JsonObject | LatchkeyError;

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export interface BadgeContent {
  /** Whose key identifier the link carries. */
  readonly df1: Uint8Array;
  readonly payload: Uint8Array;
}

/** A badge's chip that answers SELECT and READ, and can be pulled away. */
export class ScriptedCard {
  readonly uid: Uint8Array;
  readonly file: Uint8Array;
  apdus = 0;
  answerMs = 15;
  /** APDUs that are answered before it is gone. */
  leavesAfter = Number.POSITIVE_INFINITY;
  readonly #time: VirtualTime;

  /** A badge of the tenant that the reader belongs to, unless told otherwise. */
  constructor(time: VirtualTime, uidByte = 1, told: Partial<BadgeContent> = {}) {
    this.#time = time;
    this.uid = new Uint8Array(7).fill(uidByte);
    const { df1 = DF1, payload = sealedPayload(this.uid, df1) } = told;
    const keyId = badgeKeyId(toyCrypto, df1);
    this.file = buildBadgeFile({ host: "door.example", keyId, payload }).file;
  }

  async transceive(apdu: Uint8Array): Promise<Uint8Array> {
    await new Promise<void>((done) => void this.#time.timer.set(done, this.answerMs));
    if (this.apdus++ >= this.leavesAfter) throw new LatchkeyError("badge-moved");
    const ok = Uint8Array.of(0x90, 0x00);
    return apdu[1] === 0xb0
      ? concat(this.file.slice(apdu[3], apdu[3]! + (apdu[4]! || 256)), ok)
      : ok;
  }
}

/** What the reader holds. */
function sampleKeys(): BadgeKey[] {
  return [badgeKey(toyCrypto, new Secret(DF1.slice()))];
}

export function sealedPayload(uid: Uint8Array, df1: Uint8Array = DF1): Uint8Array {
  const df2 = new Uint8Array(32).fill(7);
  const iv = new Uint8Array(16).fill(9);
  return sealPayload(toyCrypto, { mode: "STD", seed: SEED, df1, df2, iv, uid });
}

/** A reader whose server, card and devices do what a test says; only the program is real. */
export class ScriptedReader {
  readonly time = new VirtualTime();
  readonly log: RingLog;
  readonly engine: ReaderEngine;
  readonly relay: number[] = [];
  readonly calls: { path: string; body: JsonObject; atMs: number }[] = [];
  readonly stages: string[] = [];
  /** Taps that were handed on for the server, in order. */
  readonly reported: TapRecord[] = [];
  /** How long the server takes. */
  roundTripMs = 40;
  registration: RegisterStatus = "registered";
  /** What fails, by the name of the call. */
  readonly failing = new Map<string, LatchkeyError>();
  decide: (body: JsonObject) => Answer | Promise<Answer> = (body) => ({
    challenge_id: body["challenge_id"]!,
    granted: true,
    reason: "granted",
    relay_ms: 3000,
    holder: "Ada",
  });
  challengeSeconds = 60;
  /** Whether the server knows reports of denials. */
  confirmsDenials = true;
  nfcError: LatchkeyError | undefined;
  restarts = 0;
  /** Showing this fails. */
  brokenLight: string | undefined;
  #watch: PresenceHandler | undefined;
  #challenges = 0;
  #energised = false;

  constructor() {
    const { clock, timer } = this.time;
    this.log = new RingLog({ clock });
    const identity = this.#identity();
    const work = { identity, clock, crypto: toyCrypto, tenantId: TENANT };
    const limits = { decisionTimeoutMs: POLICY.decisionTimeoutMs, requestTimeoutMs: 5_000 };
    this.engine = new ReaderEngine({
      clock,
      timer,
      random: { bytes: (length) => new Uint8Array(length).fill(0x80) },
      log: this.log,
      network: { join: () => this.#answer("join", { up: true }) },
      system: {
        bootReason: "power-on",
        chipId: "00",
        version: "1.2.3",
        restart: () => void this.restarts++,
        feedWatchdog: () => undefined,
        heapFreeBytes: () => 200_000,
      },
      identity,
      server: new ServerWork({ ...work, badgeKeys: sampleKeys(), ...limits }),
      hardware: this.#hardware(),
      policy: POLICY,
      badgeFileBytes: undefined,
      onTap: (tap) => void this.reported.push(tap),
    });
    this.engine.onState((state) => {
      if (this.stages.at(-1) !== state.stage) this.stages.push(state.stage);
    });
  }

  /** Starts and waits until it is ready. */
  async ready(): Promise<void> {
    this.engine.dispatch({ type: "start" });
    await this.passUntil("ready");
  }

  async passUntil(stage: string, limitMs = 120_000): Promise<void> {
    for (let ms = 0; ms < limitMs && this.engine.state.stage !== stage; ms += 5)
      await this.time.pass(5);
    const { stage: found } = this.engine.state;
    if (found !== stage) throw new Error(`${found} after ${limitMs} ms, not ${stage}`);
  }

  /** Puts a card on the reader; resolves when the program lets go of it. Time passes. */
  async present(card: ScriptedCard): Promise<void> {
    await this.time.until(this.presentOnly(card));
  }

  /** The same without letting time pass. */
  async presentOnly(card: ScriptedCard): Promise<void> {
    await this.#watch?.({ type: "present", card: card as never, attempt: 1 });
  }

  async report(event: Parameters<PresenceHandler>[0]): Promise<void> {
    await this.time.until(Promise.resolve(this.#watch?.(event)));
  }

  get watching(): boolean {
    return this.#watch !== undefined;
  }

  callsTo(path: string): number {
    return this.calls.filter((call) => call.path === path).length;
  }

  async #answer<T>(name: string, value: T): Promise<T> {
    await new Promise<void>((done) => void this.time.timer.set(done, this.roundTripMs));
    const failure = this.failing.get(name);
    if (failure !== undefined) throw failure;
    return value;
  }

  #identity(): ReaderIdentity {
    const nodePk = toyCrypto.ed25519PublicKey(new Uint8Array(32).fill(1));
    return {
      init: () => Promise.resolve({ nodePk, fresh: false }),
      ensureRegistered: () =>
        this.#answer("register", { status: this.registration, nodeUid: NODE }),
      authenticate: async () => {
        await this.#answer("challenge", undefined);
        this.engine.identityEvent({ type: "challenge" });
        return this.#answer("authenticate", "token");
      },
      call: (path, body) => this.#call(path, body as JsonObject),
      checkIn: (body) => this.#call("check-in", body as JsonObject),
      nowUnix: () => 1_767_600_000,
      clockAgeMs: () => 1000,
      state: { nodePk, nodeUid: NODE, status: "registered", next: [], session: undefined },
      close: () => undefined,
    };
  }

  async #call(path: string, body: JsonObject): Promise<JsonObject> {
    this.calls.push({ path, body, atMs: this.time.nowMs });
    await this.#answer(path, undefined);
    if (path.endsWith("it_request_challenge")) {
      const challenge_id = uuid(++this.#challenges);
      const nonce = toBase64Url(new Uint8Array(32).fill(this.#challenges));
      return { challenge_id, nonce, expires_in: this.challengeSeconds };
    }
    if (path === "check-in") return this.#confirm(body);
    if (!path.endsWith("it_verify_badge")) return {};
    const answer = await this.decide(body);
    if (answer instanceof LatchkeyError) throw answer;
    return answer;
  }

  #confirm(body: JsonObject): JsonObject {
    const denials = new JsonReader(body).optionalObject("denials");
    if (denials === undefined || !this.confirmsDenials) return {};
    return { denials_recorded: parseDenialReport(denials).denials.at(-1)!.number };
  }

  #hardware(): Hardware {
    const reader = this;
    return {
      relay: {
        energise: (ms) => {
          this.relay.push(ms);
          this.#energised = true;
        },
        release: () => {
          this.#energised = false;
        },
        get energised() {
          return reader.#energised;
        },
        close: () => undefined,
      },
      doorFree: () => reader.#energised,
      lights: {
        show: (feedback) => {
          if (feedback === this.brokenLight) throw new Error("the pin is gone");
        },
        close: () => undefined,
      },
      painter: undefined,
      testNfc: async () => {},
      openNfc: async () => {
        if (this.nfcError !== undefined) throw this.nfcError;
      },
      watchCards: (handler) => {
        this.#watch = handler;
      },
      close: async () => undefined,
    };
  }
}
