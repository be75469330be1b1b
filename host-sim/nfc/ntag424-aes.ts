import { aesCmac } from "../../protocol/crypto/cmac.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";

/** The chip's AES engine: the shared primitives, and a count of blocks for the chip's time. */
export class ChipAes {
  readonly #crypto: CryptoProvider;
  /** Blocks since the chip was made. */
  blocks = 0;

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
  }

  encryptCbc(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
    this.blocks += plain.length / 16;
    return this.#crypto.aesCbcEncrypt(key, iv, plain);
  }

  cmac(key: Uint8Array, message: Uint8Array): Uint8Array {
    this.blocks += 1 + Math.max(1, Math.ceil(message.length / 16)); // one for the subkeys
    return aesCmac(this.#crypto, key, message);
  }

  /** MACt: the eight bytes at odd places of the CMAC (NT4H2421Gx §9.1.3). */
  macT(key: Uint8Array, message: Uint8Array): Uint8Array {
    const whole = this.cmac(key, message);
    return Uint8Array.from({ length: 8 }, (_, i) => whole[2 * i + 1]!);
  }
}
