import { concat, uintBE } from "../../protocol/encoding/bytes.ts";
import { type ChipAes, truncateMac } from "./ntag424-aes.ts";
import { type LrpKey, lrpCmac, lrpDecrypt, lrpEncrypt } from "./ntag424-lrp.ts";

/** The session keys of an authentication and what is computed with them. */
export interface SecureChannel {
  /** MACt. */
  mac(message: Uint8Array): Uint8Array;
  /** Command data: whole blocks in, whole blocks out. */
  decrypt(cipher: Uint8Array, ti: Uint8Array, commandCounter: number): Uint8Array;
  /** Response data: whole blocks in, whole blocks out. */
  encrypt(plain: Uint8Array, ti: Uint8Array, commandCounter: number): Uint8Array;
}

/** A number LSB first, as CmdCtr goes into cryptography (§9.1.2). */
export function two(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

/** AES secure messaging (§9.1). */
export class AesChannel implements SecureChannel {
  readonly #aes: ChipAes;
  readonly #encKey: Uint8Array;
  readonly #macKey: Uint8Array;

  constructor(aes: ChipAes, encKey: Uint8Array, macKey: Uint8Array) {
    this.#aes = aes;
    this.#encKey = encKey;
    this.#macKey = macKey;
  }

  mac(message: Uint8Array): Uint8Array {
    return this.#aes.macT(this.#macKey, message);
  }

  decrypt(cipher: Uint8Array, ti: Uint8Array, commandCounter: number): Uint8Array {
    return this.#aes.decryptCbc(this.#encKey, this.#iv([0xa5, 0x5a], ti, commandCounter), cipher);
  }

  encrypt(plain: Uint8Array, ti: Uint8Array, commandCounter: number): Uint8Array {
    return this.#aes.encryptCbc(this.#encKey, this.#iv([0x5a, 0xa5], ti, commandCounter), plain);
  }

  #iv(label: readonly number[], ti: Uint8Array, commandCounter: number): Uint8Array {
    const block = new Uint8Array(16);
    block.set(concat(Uint8Array.from(label), ti, two(commandCounter)));
    return this.#aes.encryptCbc(this.#encKey, new Uint8Array(16), block); // ECB of one block
  }
}

/** LRP secure messaging (§9.2): the encryption counter runs through commands and answers. */
export class LrpChannel implements SecureChannel {
  readonly #aes: ChipAes;
  readonly #macKey: LrpKey;
  readonly #encKey: LrpKey;
  /** EncCtr, MSB first. */
  readonly #counter: Uint8Array;

  constructor(aes: ChipAes, macKey: LrpKey, encKey: LrpKey, encryptionCounter = 0) {
    this.#aes = aes;
    this.#macKey = macKey;
    this.#encKey = encKey;
    this.#counter = uintBE(encryptionCounter, 4);
  }

  mac(message: Uint8Array): Uint8Array {
    return truncateMac(this.wholeMac(message));
  }

  /** MAC_LRP of the authentication, where MACs are not truncated (§9.2.5). */
  wholeMac(message: Uint8Array): Uint8Array {
    return lrpCmac(this.#aes, this.#macKey, message);
  }

  decrypt(cipher: Uint8Array): Uint8Array {
    return lrpDecrypt(this.#aes, this.#encKey, this.#counter, cipher);
  }

  encrypt(plain: Uint8Array): Uint8Array {
    return lrpEncrypt(this.#aes, this.#encKey, this.#counter, plain);
  }
}
