import { beginPublicChains, runChains, type Sha3 } from "../crypto/sha3.ts";
import { equalBytes } from "../encoding/bytes.ts";

/**
 * Winternitz one-time signatures with w = 8 bits over SHA3-256, in the form of BouncyCastle's
 * GMSS: 34 plain hash chains of 255 steps, no addresses and no masks. 32 chains sign the bytes of
 * a digest, two its checksum, so that no digit can be raised without lowering another.
 *
 * A key signs **one** message. A second signature under it shows values lower in the chains: two
 * leave 2^38 hashes of work to a forger, three 2^21 (docs/claims.md).
 */
export const WOTS_CHAINS = 34;
export const WOTS_KEY_LENGTH = 32;
export const WOTS_SIGNATURE_LENGTH = WOTS_CHAINS * 32;
/** Steps from a chain's secret start to its public top. */
export const WOTS_STEPS = 255;

/** GMSS counts from 32 · 256, not from 32 · 255. */
const CHECKSUM_FROM = 8192;

/** The 34 digits of a 32-byte digest: its bytes, then the checksum, low byte first. */
export function digitsOf(digest: Uint8Array): Uint8Array {
  const digits = new Uint8Array(WOTS_CHAINS);
  digits.set(digest);
  let checksum = CHECKSUM_FROM;
  for (let i = 0; i < 32; i++) checksum -= digest[i]!;
  digits[32] = checksum & 255;
  digits[33] = checksum >> 8;
  return digits;
}

/** The digits that sign a 32-byte message. It is hashed once more: so the reference does. */
export function digitsOfMessage(sha3: Sha3, message: Uint8Array): Uint8Array {
  if (message.length !== 32) throw new RangeError(`wots: a message of ${message.length} bytes`);
  return digitsOf(sha3.sha3_256(message));
}

/** The 32-byte public key that a 1,088-byte signature leads to: the hash of its 34 chain tops. */
export function wotsKeyFromSignature(
  sha3: Sha3,
  message: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return topOfChains(sha3, signature, digitsOfMessage(sha3, message));
}

/** The hash of the tops of chains whose values have come as far as `digits`. */
export function topOfChains(sha3: Sha3, values: Uint8Array, digits: Uint8Array): Uint8Array {
  const tops = values.slice();
  const left = digits.map((digit) => WOTS_STEPS - digit);
  runChains(sha3, tops, left);
  return sha3.sha3_256(tops);
}

/** A one-time signature, of which it is asked whether it fits. */
export interface WotsQuestion {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly message: Uint8Array;
  /** 1,088 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Whether `signature` signs the 32-byte `message` under `publicKey`; `false` for wrong lengths.
 * About 4,450 permutations (2,783 to 6,098), and 1.3 kB beside the arguments.
 */
export function wotsVerify(
  sha3: Sha3,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return beginWotsVerify(sha3, [{ publicKey, message, signature }]).finish()[0]!;
}

/** Signatures that are being verified. */
export interface WotsRun {
  /** Whether each fits. Once. */
  finish(): boolean[];
  /** In place of `finish`: nobody asks any more. */
  drop(): void;
}

/**
 * Begins to verify several, whose chains run side by side where the provider can do that, and
 * meanwhile where it has other threads.
 */
export function beginWotsVerify(sha3: Sha3, questions: readonly WotsQuestion[]): WotsRun {
  const whole = questions.filter(
    ({ publicKey, signature }) =>
      publicKey.length === WOTS_KEY_LENGTH && signature.length === WOTS_SIGNATURE_LENGTH,
  );
  const values = new Uint8Array(whole.length * WOTS_SIGNATURE_LENGTH);
  const left = new Uint8Array(whole.length * WOTS_CHAINS);
  for (const [i, { message, signature }] of whole.entries()) {
    values.set(signature, i * WOTS_SIGNATURE_LENGTH);
    const digits = digitsOfMessage(sha3, message);
    for (let chain = 0; chain < WOTS_CHAINS; chain++)
      left[i * WOTS_CHAINS + chain] = WOTS_STEPS - digits[chain]!;
  }
  const run = beginPublicChains(sha3, values, left);
  return {
    finish: () => {
      run.finish();
      const fitting = new Set(
        whole.filter(({ publicKey }, i) => {
          const from = i * WOTS_SIGNATURE_LENGTH;
          const tops = values.subarray(from, from + WOTS_SIGNATURE_LENGTH);
          return equalBytes(sha3.sha3_256(tops), publicKey);
        }),
      );
      return questions.map((question) => fitting.has(question));
    },
    drop: () => run.drop(),
  };
}

/** The longest way between two values of one chain that {@link contradicts} goes. */
const TELLING_STEPS = 128;

/**
 * Whether a signature cannot fit, because one that does shows another value of a chain. Without
 * the key nobody finds a value below one that was shown, and every other message needs one: so this
 * tells forgeries for some ten hashes, and leaves open what it does not tell.
 */
export function contradicts(
  sha3: Sha3,
  fitting: WotsQuestion,
  { message, signature }: WotsQuestion,
): boolean {
  const shown = digitsOfMessage(sha3, fitting.message);
  const digits = digitsOfMessage(sha3, message);
  let [nearest, steps] = [0, TELLING_STEPS + 1];
  for (let chain = 0; chain < WOTS_CHAINS; chain++) {
    const apart = shown[chain]! - digits[chain]!;
    if (apart === 0 && !equalBytes(at(signature, chain), at(fitting.signature, chain))) return true;
    if (apart > 0 && apart < steps) [nearest, steps] = [chain, apart];
  }
  if (steps > TELLING_STEPS) return false;
  const reached = sha3.sha3_256Chain(at(signature, nearest), steps);
  return !equalBytes(reached, at(fitting.signature, nearest));
}

function at(signature: Uint8Array, chain: number): Uint8Array {
  return signature.subarray(32 * chain, 32 * chain + 32);
}
