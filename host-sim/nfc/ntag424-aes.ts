import { aesCmac } from "../../protocol/crypto/cmac.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";

const ZERO_IV = 16;

/** The chip's AES engine: the shared primitives, and a count of blocks for the chip's time. */
export class ChipAes {
  readonly #crypto: CryptoProvider;
  /** Blocks since the chip was made. */
  blocks = 0;
  /** Blocks within the leakage resilient primitive. */
  lrpSteps = 0;

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
  }

  encryptCbc(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
    this.blocks += plain.length / 16;
    return this.#crypto.aesCbcEncrypt(key, iv, plain);
  }

  decryptCbc(key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Uint8Array {
    this.blocks += cipher.length / 16;
    return this.#crypto.aesCbcDecrypt(key, iv, cipher);
  }

  /** One block for the leakage resilient primitive. */
  lrpStep(key: Uint8Array, block: Uint8Array): Uint8Array {
    this.lrpSteps++;
    return this.#crypto.aesEncryptBlock(key, block);
  }

  /** The inverse of {@link lrpStep}. */
  lrpStepBack(key: Uint8Array, block: Uint8Array): Uint8Array {
    this.lrpSteps++;
    return this.#crypto.aesCbcDecrypt(key, new Uint8Array(ZERO_IV), block); // ECB of one block
  }

  cmac(key: Uint8Array, message: Uint8Array): Uint8Array {
    this.blocks += 1 + Math.max(1, Math.ceil(message.length / 16)); // one for the subkeys
    return aesCmac(this.#crypto, key, message);
  }

  /** MACt over a message. */
  macT(key: Uint8Array, message: Uint8Array): Uint8Array {
    return truncateMac(this.cmac(key, message));
  }
}

/** MACt: the eight bytes at odd places of the CMAC (NT4H2421Gx §9.1.3). */
export function truncateMac(whole: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => whole[2 * i + 1]!);
}
