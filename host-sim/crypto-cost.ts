import type { CryptoProvider } from "../protocol/crypto/provider.ts";

/**
 * `native`: all in the project's C. `portable`: the SDK's modules for hashes and ciphers, the
 * curves in JavaScript written for XS.
 */
export type CryptoProfile = "native" | "portable";

/** HKDF is charged as the HMACs that it is made of. */
export type CryptoOperation = Exclude<keyof CryptoProvider, "name" | "hkdfSha256">;

/** RP2350: 150 MHz, and 1.3 cycles for an instruction (an assumption; cache misses raise it). */
export const CPU = Object.freeze({ hz: 150_000_000, cyclesPerInstruction: 1.3 });

/**
 * Instructions of one operation: `base`, plus `block` for each further block of the message.
 * The figures are exact counts of a Cortex-M33 build of XS under emulation, for the operations
 * that were counted (design study "The metal", Moddable SDK 8.2.3, arm-none-eabi-gcc 12.2). Of the
 * project's C cycles were counted, which stand here as so many instructions of 1.3; to hashes and
 * ciphers 4,000 are added for the call and its result:
 *
 * | counted                      | instructions             | here                            |
 * | of the SDK:                  |                          |                                 |
 * | SHA-256, 32 B and 1 kB       | 12 k, 65 k               | 8.7 k + 3.32 k for each block   |
 * | HMAC, HKDF (two HMACs)       | 182 k, 395 k             | 198 k: half of the HKDF         |
 * | AES-CBC, 32 B                | 22 k to 34 k             | 34 k                            |
 * | AES-GCM, 200 B and 2 kB      | 130 k, 696 k             | 67 k + 5.03 k for each 16 B     |
 * | SHA-512, 64 B                | 21 k                     | each 128 B signed beyond 64     |
 * | of ours, in cycles:          |                          |                                 |
 * | SHA-256, a block; HMAC of one | 3.7 k, 18 k             | 4 k + 3.7 k a block; 22 k       |
 * | AES: key, two blocks, back   | 10 k, 7.0 k, 9.3 k       | a block 21 k; CBC 28 k, 23 k    |
 * | AES-GCM, 500 B               | 190 k                    | 22 k + 5.4 k for each 16 B      |
 * | Ed25519 in C: key, sign,     | 0.39 M, 0.48 M, 1.23 M   | 0.30 M, 0.37 M, 0.95 M, and     |
 * |  verify                      | cycles                   | 12.5 k for each 128 B           |
 * | X25519 in C: key, agreement  | 0.37 M, 1.10 M cycles    | 0.28 M, 0.85 M                  |
 * | Ed25519 for XS               | 2.9 M (W = 4), 17 to 19 M | 2.9 M, 19 M                    |
 *
 * Not counted there, and estimated on the slow side:
 * - for XS, a public key is one fixed-base multiplication, which is all that signing does besides
 *   hashing: as much as a signature;
 * - for XS, X25519 is a ladder of 255 steps with about 2,800 field multiplications; verification
 *   takes about 3,300 with its two decompressions: as much as a verification, for the public key
 *   too, because the ladder has no table of the base point;
 * - one AES block: as much as CBC over two; a further block of CBC: as one of GCM, GHASH included;
 * - AES-CMAC is made of the two above by JavaScript whose own work is not charged (118 k were
 *   counted for 32 B, 68 k are charged): a node computes none on its way to a decision.
 */
interface Cost {
  readonly base: number;
  readonly block: number;
}

const SDK_SYMMETRIC = {
  sha256: { base: 8_700, block: 3_320 },
  hmacSha256: { base: 198_000, block: 3_320 },
  aesEncryptBlock: { base: 34_000, block: 0 },
  aesCbcEncrypt: { base: 34_000, block: 5_030 },
  aesCbcDecrypt: { base: 34_000, block: 5_030 },
  aesGcmSeal: { base: 67_000, block: 5_030 },
  aesGcmOpen: { base: 67_000, block: 5_030 },
};

const NATIVE_SYMMETRIC = {
  sha256: { base: cycles(4_000), block: cycles(3_700) },
  hmacSha256: { base: cycles(22_000), block: cycles(3_700) },
  aesEncryptBlock: { base: cycles(21_000), block: 0 },
  // Of a pair of blocks one waits for the other where a chain is made.
  aesCbcEncrypt: { base: cycles(28_000), block: cycles(7_000) },
  aesCbcDecrypt: { base: cycles(23_000), block: cycles(4_700) },
  aesGcmSeal: { base: cycles(22_000), block: cycles(5_400) },
  aesGcmOpen: { base: cycles(22_000), block: cycles(5_400) },
};

/** SHA-512 of a further block: 21 k was counted of the SDK's, with everything around it. */
const SHA512_BLOCK = 21_000;
const NATIVE_SHA512_BLOCK = cycles(16_000);

function cycles(count: number): number {
  return Math.round(count / CPU.cyclesPerInstruction);
}

const TABLE: Readonly<Record<CryptoProfile, Readonly<Record<CryptoOperation, Cost>>>> =
  Object.freeze({
    native: Object.freeze({
      ...NATIVE_SYMMETRIC,
      ed25519PublicKey: { base: cycles(390_000), block: 0 },
      ed25519Sign: { base: cycles(480_000), block: 2 * NATIVE_SHA512_BLOCK }, // hashes twice
      ed25519Verify: { base: cycles(1_230_000), block: NATIVE_SHA512_BLOCK },
      x25519PublicKey: { base: cycles(370_000), block: 0 },
      x25519: { base: cycles(1_100_000), block: 0 },
    }),
    portable: Object.freeze({
      ...SDK_SYMMETRIC,
      ed25519PublicKey: { base: 2_900_000, block: 0 },
      ed25519Sign: { base: 2_900_000, block: 2 * SHA512_BLOCK },
      ed25519Verify: { base: 19_000_000, block: SHA512_BLOCK },
      x25519PublicKey: { base: 19_000_000, block: 0 },
      x25519: { base: 19_000_000, block: 0 },
    }),
  });

/** Instructions of `operation` over `bytes` of message, in the table's terms. */
export function instructionsOf(
  profile: CryptoProfile,
  operation: CryptoOperation,
  bytes: number,
): number {
  const { base, block } = TABLE[profile][operation];
  return base + block * blocksOf(operation, bytes);
}

function blocksOf(operation: CryptoOperation, bytes: number): number {
  switch (operation) {
    case "sha256":
      return Math.ceil((bytes + 9) / 64);
    case "hmacSha256":
      return Math.max(0, Math.ceil((bytes + 9) / 64) - 1);
    case "aesCbcEncrypt":
    case "aesCbcDecrypt":
      return Math.max(0, Math.ceil(bytes / 16) - 2);
    case "aesGcmSeal":
    case "aesGcmOpen":
      return Math.ceil(bytes / 16);
    case "ed25519Sign":
    case "ed25519Verify":
      return Math.ceil(Math.max(0, bytes - 64) / 128);
    default:
      return 0;
  }
}

export interface CryptoAccount {
  readonly operation: CryptoOperation;
  readonly calls: number;
  readonly instructions: number;
  readonly timeUs: number;
}

export interface CryptoCostOptions {
  readonly crypto: CryptoProvider;
  /** Lets the time pass: `(us) => world.advance(us)`. */
  readonly advance: (durationUs: number) => void;
  readonly profile?: CryptoProfile;
}

/** A provider that takes its time as the microcontroller would, and keeps the books. */
export class CryptoCost {
  readonly crypto: CryptoProvider;
  readonly profile: CryptoProfile;
  readonly #advance: (durationUs: number) => void;
  #accounts = new Map<CryptoOperation, CryptoAccount>();

  constructor(options: CryptoCostOptions) {
    this.profile = options.profile ?? "native";
    this.#advance = options.advance;
    this.crypto = this.#charging(options.crypto);
  }

  /** What was spent since the start or the last `clear`, dearest first. */
  accounts(): CryptoAccount[] {
    return [...this.#accounts.values()].sort((a, b) => b.timeUs - a.timeUs);
  }

  totalUs(): number {
    return this.accounts().reduce((sum, account) => sum + account.timeUs, 0);
  }

  clear(): void {
    this.#accounts = new Map();
  }

  #charge(operation: CryptoOperation, bytes: number): void {
    const instructions = instructionsOf(this.profile, operation, bytes);
    const timeUs = Math.ceil((instructions * CPU.cyclesPerInstruction * 1e6) / CPU.hz);
    const before = this.#accounts.get(operation);
    this.#accounts.set(operation, {
      operation,
      calls: (before?.calls ?? 0) + 1,
      instructions: (before?.instructions ?? 0) + instructions,
      timeUs: (before?.timeUs ?? 0) + timeUs,
    });
    this.#advance(timeUs);
  }

  /** Time passes before the result is there, as it does for the caller on the device. */
  #charging(inner: CryptoProvider): CryptoProvider {
    const charge = (operation: CryptoOperation, bytes: number): void =>
      this.#charge(operation, bytes);
    return Object.freeze<CryptoProvider>({
      name: `${inner.name}, as ${this.profile} code on the RP2350`,
      sha256: (message) => {
        charge("sha256", message.length);
        return inner.sha256(message);
      },
      hmacSha256: (key, message) => {
        charge("hmacSha256", message.length);
        return inner.hmacSha256(key, message);
      },
      aesEncryptBlock: (key, block) => {
        charge("aesEncryptBlock", 16);
        return inner.aesEncryptBlock(key, block);
      },
      aesCbcEncrypt: (key, iv, plain) => {
        charge("aesCbcEncrypt", plain.length);
        return inner.aesCbcEncrypt(key, iv, plain);
      },
      aesCbcDecrypt: (key, iv, cipher) => {
        charge("aesCbcDecrypt", cipher.length);
        return inner.aesCbcDecrypt(key, iv, cipher);
      },
      aesGcmSeal: (key, nonce, aad, plain) => {
        charge("aesGcmSeal", aad.length + plain.length);
        return inner.aesGcmSeal(key, nonce, aad, plain);
      },
      aesGcmOpen: (key, nonce, aad, sealed) => {
        charge("aesGcmOpen", aad.length + sealed.length);
        return inner.aesGcmOpen(key, nonce, aad, sealed);
      },
      ed25519PublicKey: (seed) => {
        charge("ed25519PublicKey", 0);
        return inner.ed25519PublicKey(seed);
      },
      ed25519Sign: (seed, message) => {
        charge("ed25519Sign", message.length);
        return inner.ed25519Sign(seed, message);
      },
      ed25519Verify: (publicKey, message, signature) => {
        charge("ed25519Verify", message.length);
        return inner.ed25519Verify(publicKey, message, signature);
      },
      x25519PublicKey: (privateKey) => {
        charge("x25519PublicKey", 0);
        return inner.x25519PublicKey(privateKey);
      },
      x25519: (privateKey, publicKey) => {
        charge("x25519", 0);
        return inner.x25519(privateKey, publicKey);
      },
    });
  }
}
