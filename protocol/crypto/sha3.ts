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
   * SHA3-256 applied `times` times, 0 to 65,536, to the 32 bytes of `start`; a fresh array. One
   * call for a whole chain, because on the device each crossing into C costs as much as a hash.
   * @throws RangeError for any other length or number
   */
  sha3_256Chain(start: Uint8Array, times: number): Uint8Array;
}

/** The longest chain of one call: what `hal/native/keccak.c` takes. */
export const MAX_CHAIN = 65_536;

/** @throws RangeError unless a chain may begin with `start` and have that length */
export function checkChain(start: Uint8Array, times: number): void {
  if (start.length !== 32) throw new RangeError(`sha3 chain of ${start.length} bytes`);
  if (!Number.isInteger(times) || times < 0 || times > MAX_CHAIN)
    throw new RangeError(`sha3 chain of ${times} steps`);
}
