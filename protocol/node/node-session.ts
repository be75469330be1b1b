import type { CryptoProvider } from "../crypto/provider.ts";
import { LatchkeyError } from "../errors.ts";
import {
  type Envelope,
  FIRST_REQUEST_SEQ,
  MAX_SEQ,
  openEnvelope,
  sealEnvelope,
} from "./envelope.ts";
import { type SessionKeys, wipeSessionKeys } from "./session-keys.ts";

/** An access token and the monotonic time from which it is no good. */
export interface HeldToken {
  readonly token: string;
  readonly expiresAtMs: number;
  /** When to see to the next one. */
  readonly renewAtMs: number;
}

/** Share of a token's life after which it is renewed. */
const RENEW_AFTER = 0.8;

/** @param sentAtMs when the request was *sent*: the token may have been issued right then */
export function heldToken(token: string, expiresInSeconds: number, sentAtMs: number): HeldToken {
  const lifeMs = expiresInSeconds * 1000;
  return { token, expiresAtMs: sentAtMs + lifeMs, renewAtMs: sentAtMs + lifeMs * RENEW_AFTER };
}

/**
 * The node's end of a session: hands out message numbers, each once, and wipes the keys when the
 * last exchange over it is done.
 */
export class NodeSession {
  readonly openedAtMs: number;
  token: HeldToken;
  readonly #crypto: CryptoProvider;
  readonly #keys: SessionKeys;
  readonly #tenantId: string;
  #nextSeq = FIRST_REQUEST_SEQ;
  #underWay = 0;
  #retired = false;
  #wiped = false;

  constructor(
    crypto: CryptoProvider,
    keys: SessionKeys,
    tenantId: string,
    token: HeldToken,
    openedAtMs: number,
  ) {
    this.#crypto = crypto;
    this.#keys = keys;
    this.#tenantId = tenantId;
    this.token = token;
    this.openedAtMs = openedAtMs;
  }

  get sid(): string {
    return this.#keys.sid;
  }

  /** Whether a new exchange may begin. */
  isUsable(nowMs: number): boolean {
    return !this.#retired && this.#nextSeq <= MAX_SEQ && nowMs < this.token.expiresAtMs;
  }

  /**
   * One exchange: seals, has the envelope sent, opens the answer.
   * @throws what `send` throws; envelope-invalid when the answer is not to this request;
   *   session-ended when its keys were wiped, before or meanwhile
   */
  async exchange(
    path: string,
    plain: Uint8Array,
    send: (envelope: Envelope) => Promise<Envelope>,
  ): Promise<Uint8Array> {
    if (this.#wiped) throw new LatchkeyError("session-ended");
    const context = { tenantId: this.#tenantId, path };
    // Taken before anything can fail or wait: a number is lost rather than used twice.
    const seq = this.#nextSeq++;
    this.#underWay++;
    try {
      const sealed = sealEnvelope(this.#crypto, this.#keys, "up", { ...context, seq }, plain);
      const answer = await send(sealed);
      if (this.#wiped) throw new LatchkeyError("session-ended");
      if (answer.seq !== seq) throw new LatchkeyError("envelope-invalid");
      return openEnvelope(this.#crypto, this.#keys, "down", context, answer);
    } finally {
      this.#underWay--;
      if (this.#retired && this.#underWay === 0) this.wipe();
    }
  }

  /** No new exchanges; those under way may end. */
  retire(): void {
    this.#retired = true;
    if (this.#underWay === 0) this.wipe();
  }

  /** Overwrites the keys at once; exchanges under way end with `session-ended`. */
  wipe(): void {
    this.#retired = true;
    this.#wiped = true;
    wipeSessionKeys(this.#keys);
  }
}
