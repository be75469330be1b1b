import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import type { Secret } from "../crypto/secret.ts";
import { concat } from "../encoding/bytes.ts";
import type { Handshake, HandshakeStart, Transaction } from "./handshake.ts";
import { answerLength, proofInvalid } from "./handshake-error.ts";
import { type LrpKey, lricbDecrypt } from "./lrp.ts";
import { lrpCmac } from "./lrp-cmac.ts";
import { SecureMessaging } from "./secure-messaging.ts";
import { LrpSessionCipher } from "./session-cipher.ts";
import { lrpMasterKey, lrpSessionKeys, lrpSessionVector } from "./session-keys.ts";

/** AuthMode ‖ RndB (Table 38). */
const CHALLENGE_LENGTH = 17;
const AUTH_MODE_LRP = 0x01;
const FIRST_PROOF_LENGTH = 32;
const NON_FIRST_PROOF_LENGTH = 16;

interface Exchange {
  readonly rndB: Uint8Array;
  readonly macKey: LrpKey;
  readonly encKey: LrpKey;
}

/**
 * AuthenticateLRPFirst and, when it continues a transaction, AuthenticateLRPNonFirst
 * (NT4H2421Gx §9.2.5, §9.2.6), the side that holds the key. Both sides prove it by MACs under the
 * session key; these are not truncated.
 */
export class LrpHandshake implements Handshake {
  readonly #crypto: CryptoProvider;
  readonly #key: Secret;
  readonly #rndA: Uint8Array;
  readonly #pcdCap: Uint8Array;
  readonly #transaction: Transaction | undefined;
  #exchange: Exchange | undefined;

  constructor(crypto: CryptoProvider, { key, rndA, pcdCap, transaction }: HandshakeStart) {
    if (key.length !== 16 || rndA.length !== 16 || pcdCap.length !== 6)
      throw new RangeError("ntag424: key and RndA have 16 bytes, PCDcap2 has 6");
    this.#crypto = crypto;
    this.#key = key;
    this.#rndA = rndA;
    this.#pcdCap = pcdCap;
    this.#transaction = transaction;
  }

  /** RndA ‖ MAC(RndA ‖ RndB), 32 bytes, for AuthMode ‖ RndB. @throws card-protocol */
  answer(challenge: Uint8Array): Uint8Array {
    if (challenge.length !== CHALLENGE_LENGTH || challenge[0] !== AUTH_MODE_LRP)
      throw answerLength(1, challenge.length);
    const rndB = challenge.slice(1);
    const vector = lrpSessionVector(this.#rndA, rndB);
    const masterKey = lrpMasterKey(this.#crypto, this.#key.bytes, vector);
    const keys = lrpSessionKeys(this.#crypto, masterKey);
    masterKey.fill(0);
    this.#exchange = { rndB, ...keys };
    const mac = lrpCmac(this.#crypto, keys.macKey, concat(this.#rndA, rndB));
    return concat(this.#rndA, mac);
  }

  /** The session, when the card's MAC is right. @throws card-protocol, card-proof-invalid */
  finish(proof: Uint8Array): SecureMessaging {
    const exchange = this.#exchange;
    if (exchange === undefined) throw new TypeError("ntag424: finish() before answer()");
    try {
      const first = this.#transaction === undefined;
      const { ti, commandCounter } = first
        ? this.#finishFirst(exchange, proof)
        : this.#finishNonFirst(exchange, proof);
      const cipher = new LrpSessionCipher(this.#crypto, exchange, first ? 1 : 0);
      this.#exchange = undefined; // the session owns the keys from here on
      return new SecureMessaging(cipher, ti, commandCounter);
    } finally {
      this.abandon();
    }
  }

  abandon(): void {
    this.#rndA.fill(0);
    this.#exchange?.macKey.wipe();
    this.#exchange?.encKey.wipe();
    this.#exchange = undefined;
  }

  /** E(TI ‖ PDCap2 ‖ PCDCap2) ‖ MAC(RndB ‖ RndA ‖ what stands before it) (Table 41). */
  #finishFirst(exchange: Exchange, proof: Uint8Array): Transaction {
    if (proof.length !== FIRST_PROOF_LENGTH) throw answerLength(2, proof.length);
    const piccData = proof.subarray(0, 16);
    this.#checkMac(exchange, piccData, proof.subarray(16));
    const plain = lricbDecrypt(this.#crypto, exchange.encKey, new Uint8Array(4), piccData);
    if (!constantTimeEqual(plain.subarray(10, 16), this.#pcdCap))
      throw proofInvalid("The card echoes other capabilities than were sent.");
    return { ti: plain.slice(0, 4), commandCounter: 0 };
  }

  /** MAC(RndB ‖ RndA) (Table 47); identifier and counter stay. */
  #finishNonFirst(exchange: Exchange, proof: Uint8Array): Transaction {
    if (proof.length !== NON_FIRST_PROOF_LENGTH) throw answerLength(2, proof.length);
    this.#checkMac(exchange, new Uint8Array(0), proof);
    return this.#transaction!;
  }

  #checkMac({ rndB, macKey }: Exchange, piccData: Uint8Array, mac: Uint8Array): void {
    const expected = lrpCmac(this.#crypto, macKey, concat(rndB, this.#rndA, piccData));
    if (!constantTimeEqual(expected, mac)) throw proofInvalid();
  }
}
