/**
 * SHA3-256 (FIPS 202 §6.1), on which hash-based signatures stand. Apart from
 * {@link CryptoProvider}, because a node that checks none needs none of it. On the device C
 * computes it (`hal/native/keccak.c`), elsewhere noble, node:crypto or `portableSha3`.
 */
export interface Sha3 {
  readonly name: string;
  /** 32 bytes, a fresh array. */
  sha3_256(message: Uint8Array): Uint8Array;
  /**
   * SHA3-256 applied `times` times, 0 to 255, to the 32 bytes of `start`; a fresh array. One
   * call for a whole chain, because on the device each crossing into C costs as much as a hash.
   * @throws RangeError for any other length or number
   */
  sha3_256Chain(start: Uint8Array, times: number): Uint8Array;
  /**
   * Several chains in place: value i of 32 bytes is hashed `steps[i]` times. Only where that is
   * faster than one after the other; {@link runChains} does either.
   */
  sha3_256Chains?(values: Uint8Array, steps: Uint8Array): void;
  /**
   * Begins the same of values that are public, such as signatures that are verified: these may be
   * shared out to other threads, through memory that outlives the call. The arrays must stay as
   * they are until {@link ChainRun.finish}. Only where others compute while this thread does
   * something else; {@link beginPublicChains} does either.
   */
  beginPublicChains?(values: Uint8Array, steps: Uint8Array): ChainRun;
}

/** Chains that were begun. */
export interface ChainRun {
  /** Computes what nobody has computed yet. Once. */
  finish(): void;
  /** In place of `finish`: they are not wanted any more. What becomes of the values is open. */
  drop(): void;
}

/** Chains of values that anybody may see. */
export function beginPublicChains(sha3: Sha3, values: Uint8Array, steps: Uint8Array): ChainRun {
  checkValues(values, steps);
  return sha3.beginPublicChains?.(values, steps) ?? chainsLater(sha3, values, steps);
}

/** Chains that nobody begins: they are computed at the end. */
export function chainsLater(sha3: Sha3, values: Uint8Array, steps: Uint8Array): ChainRun {
  return { finish: () => runChains(sha3, values, steps), drop: () => undefined };
}

/** Hashes each 32-byte value of `values` in place, value i `steps[i]` times. */
export function runChains(sha3: Sha3, values: Uint8Array, steps: Uint8Array): void {
  checkValues(values, steps);
  if (sha3.sha3_256Chains !== undefined) {
    sha3.sha3_256Chains(values, steps);
    return;
  }
  for (let i = 0; i < steps.length; i++) {
    const value = values.subarray(32 * i, 32 * i + 32);
    value.set(sha3.sha3_256Chain(value, steps[i]!));
  }
}

function checkValues(values: Uint8Array, steps: Uint8Array): void {
  if (values.length !== 32 * steps.length) throw new RangeError("sha3 chains: 32 bytes a chain");
}

/** The longest chain of one call, which nothing can interrupt: 33 ms of `hal/native/keccak.c`. */
export const MAX_CHAIN = 255;

/** @throws RangeError unless a chain may begin with `start` and have that length */
export function checkChain(start: Uint8Array, times: number): void {
  if (start.length !== 32) throw new RangeError(`sha3 chain of ${start.length} bytes`);
  if (!Number.isInteger(times) || times < 0 || times > MAX_CHAIN)
    throw new RangeError(`sha3 chain of ${times} steps`);
}
