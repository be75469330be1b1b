import { aesCmac } from "../crypto/cmac.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";
import { concat } from "../encoding/bytes.ts";
import { truncateMac } from "../nfc/sdm.ts";
import { advanceCounter, type LrpKey, lricbDecrypt, lricbEncrypt } from "./lrp.ts";
import { lrpCmac } from "./lrp-cmac.ts";

/** Where in its transaction a message stands. */
export interface MessagePlace {
  /** Transaction identifier, 4 bytes. */
  readonly ti: Uint8Array;
  /** CmdCtr as it applies to this message: one more for the answer than for the command. */
  readonly commandCounter: number;
}

/** The two ways of securing a session: what differs between them, and nothing else. */
export interface SessionCipher {
  readonly kind: "aes" | "lrp";
  /** MACt, 8 bytes (NT4H2421Gx §9.1.3, §9.2.3). */
  mac(message: Uint8Array): Uint8Array;
  /** Whole blocks, padded before. */
  encryptCommand(place: MessagePlace, padded: Uint8Array): Uint8Array;
  decryptAnswer(place: MessagePlace, cipher: Uint8Array): Uint8Array;
  /** Overwrites the keys; any use after that throws. */
  wipe(): void;
}

/** CmdCtr as cryptographic calculations have it: 2 bytes, LSB first (§9.1.2). */
export function commandCounterBytes(counter: number): Uint8Array {
  if (!(Number.isInteger(counter) && counter >= 0 && counter <= 0xffff))
    throw new RangeError(`ntag424: command counter ${counter}`);
  return Uint8Array.of(counter & 255, counter >> 8);
}

/** AES secure messaging (§9.1.3, §9.1.4). Takes both keys (16 bytes each) over. */
export class AesSessionCipher implements SessionCipher {
  readonly kind = "aes";
  readonly #crypto: CryptoProvider;
  readonly #encKey: Secret;
  readonly #macKey: Secret;

  constructor(crypto: CryptoProvider, keys: { encKey: Uint8Array; macKey: Uint8Array }) {
    this.#crypto = crypto;
    this.#encKey = new Secret(keys.encKey, 16, "SesAuthENCKey");
    this.#macKey = new Secret(keys.macKey, 16, "SesAuthMACKey");
  }

  mac(message: Uint8Array): Uint8Array {
    return truncateMac(aesCmac(this.#crypto, this.#macKey.bytes, message));
  }

  encryptCommand(place: MessagePlace, padded: Uint8Array): Uint8Array {
    return this.#crypto.aesCbcEncrypt(this.#encKey.bytes, this.#iv(0xa5, 0x5a, place), padded);
  }

  decryptAnswer(place: MessagePlace, cipher: Uint8Array): Uint8Array {
    return this.#crypto.aesCbcDecrypt(this.#encKey.bytes, this.#iv(0x5a, 0xa5, place), cipher);
  }

  wipe(): void {
    this.#encKey.wipe();
    this.#macKey.wipe();
  }

  #iv(label0: number, label1: number, { ti, commandCounter }: MessagePlace): Uint8Array {
    const head = Uint8Array.of(label0, label1);
    const block = concat(head, ti, commandCounterBytes(commandCounter), new Uint8Array(8));
    return this.#crypto.aesEncryptBlock(this.#encKey.bytes, block);
  }
}

/**
 * LRP secure messaging (§9.2.3, §9.2.4). EncCtr counts blocks over commands and answers alike; it
 * starts at 1 after AuthenticateLRPFirst, which has used 0 itself, and at 0 after NonFirst.
 * Takes both keys over.
 */
export class LrpSessionCipher implements SessionCipher {
  readonly kind = "lrp";
  readonly #crypto: CryptoProvider;
  readonly #encKey: LrpKey;
  readonly #macKey: LrpKey;
  #encCounter: Uint8Array;

  constructor(
    crypto: CryptoProvider,
    keys: { encKey: LrpKey; macKey: LrpKey },
    encCounter: number,
  ) {
    this.#crypto = crypto;
    this.#encKey = keys.encKey;
    this.#macKey = keys.macKey;
    this.#encCounter = advanceCounter(new Uint8Array(4), encCounter);
  }

  mac(message: Uint8Array): Uint8Array {
    return truncateMac(lrpCmac(this.#crypto, this.#macKey, message));
  }

  encryptCommand(_place: MessagePlace, padded: Uint8Array): Uint8Array {
    return lricbEncrypt(this.#crypto, this.#encKey, this.#advance(padded.length), padded);
  }

  decryptAnswer(_place: MessagePlace, cipher: Uint8Array): Uint8Array {
    return lricbDecrypt(this.#crypto, this.#encKey, this.#advance(cipher.length), cipher);
  }

  wipe(): void {
    this.#encKey.wipe();
    this.#macKey.wipe();
  }

  /** The counter for data of this length, and on. */
  #advance(length: number): Uint8Array {
    const counter = this.#encCounter;
    this.#encCounter = advanceCounter(counter, length / 16);
    return counter;
  }
}
