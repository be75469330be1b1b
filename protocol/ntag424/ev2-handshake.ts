import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import type { Secret } from "../crypto/secret.ts";
import { concat } from "../encoding/bytes.ts";
import type { Handshake, HandshakeStart, Transaction } from "./handshake.ts";
import { answerLength, proofInvalid } from "./handshake-error.ts";
import { SecureMessaging } from "./secure-messaging.ts";
import { AesSessionCipher } from "./session-cipher.ts";
import { ev2SessionKeys } from "./session-keys.ts";

const CHALLENGE_LENGTH = 16;
const FIRST_PROOF_LENGTH = 32;
const NON_FIRST_PROOF_LENGTH = 16;

function rotatedLeft(bytes: Uint8Array): Uint8Array {
  return concat(bytes.subarray(1), bytes.subarray(0, 1));
}

/**
 * AuthenticateEV2First and, when it continues a transaction, AuthenticateEV2NonFirst
 * (NT4H2421Gx §9.1.5, §9.1.6), the side that holds the key. CBC with a zero IV, no padding.
 */
export class Ev2Handshake implements Handshake {
  readonly #crypto: CryptoProvider;
  readonly #key: Secret;
  readonly #rndA: Uint8Array;
  readonly #pcdCap: Uint8Array;
  readonly #transaction: Transaction | undefined;
  #rndB: Uint8Array | undefined;

  constructor(crypto: CryptoProvider, { key, rndA, pcdCap, transaction }: HandshakeStart) {
    if (key.length !== 16 || rndA.length !== 16 || pcdCap.length !== 6)
      throw new RangeError("ntag424: key and RndA have 16 bytes, PCDcap2 has 6");
    this.#crypto = crypto;
    this.#key = key;
    this.#rndA = rndA;
    this.#pcdCap = pcdCap;
    this.#transaction = transaction;
  }

  /** E(Kx, RndA ‖ RndB'), 32 bytes, for E(Kx, RndB). @throws card-protocol */
  answer(challenge: Uint8Array): Uint8Array {
    if (challenge.length !== CHALLENGE_LENGTH) throw answerLength(1, challenge.length);
    this.#rndB = this.#decrypt(challenge);
    const plain = concat(this.#rndA, rotatedLeft(this.#rndB));
    return this.#crypto.aesCbcEncrypt(this.#key.bytes, new Uint8Array(16), plain);
  }

  /**
   * The session, when the card has returned RndA'. Its capabilities (PDcap2) are not looked at:
   * that they say "LRP" nobody can bring about who does not hold the key.
   * @throws card-protocol, card-proof-invalid
   */
  finish(proof: Uint8Array): SecureMessaging {
    const rndB = this.#rndB;
    if (rndB === undefined) throw new TypeError("ntag424: finish() before answer()");
    try {
      const { ti, commandCounter } =
        this.#transaction === undefined ? this.#finishFirst(proof) : this.#finishNonFirst(proof);
      const keys = ev2SessionKeys(this.#crypto, this.#key.bytes, this.#rndA, rndB);
      return new SecureMessaging(new AesSessionCipher(this.#crypto, keys), ti, commandCounter);
    } finally {
      this.abandon();
    }
  }

  abandon(): void {
    this.#rndA.fill(0);
    this.#rndB?.fill(0);
    this.#rndB = undefined;
  }

  /** E(Kx, TI ‖ RndA' ‖ PDcap2 ‖ PCDcap2) (Table 29). */
  #finishFirst(proof: Uint8Array): Transaction {
    if (proof.length !== FIRST_PROOF_LENGTH) throw answerLength(2, proof.length);
    const plain = this.#decrypt(proof);
    this.#checkRndA(plain.subarray(4, 20));
    // Echoed under the key: a difference means that someone altered what we asked for.
    if (!constantTimeEqual(plain.subarray(26, 32), this.#pcdCap))
      throw proofInvalid("The card echoes other capabilities than were sent.");
    return { ti: plain.slice(0, 4), commandCounter: 0 };
  }

  /** E(Kx, RndA') (Table 35); identifier and counter stay. */
  #finishNonFirst(proof: Uint8Array): Transaction {
    if (proof.length !== NON_FIRST_PROOF_LENGTH) throw answerLength(2, proof.length);
    this.#checkRndA(this.#decrypt(proof));
    return this.#transaction!;
  }

  #checkRndA(rotated: Uint8Array): void {
    if (!constantTimeEqual(rotated, rotatedLeft(this.#rndA))) throw proofInvalid();
  }

  #decrypt(cipher: Uint8Array): Uint8Array {
    return this.#crypto.aesCbcDecrypt(this.#key.bytes, new Uint8Array(16), cipher);
  }
}
