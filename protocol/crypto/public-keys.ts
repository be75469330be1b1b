import { equalBytes } from "../encoding/bytes.ts";

interface Known {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/**
 * The public keys of the seeds that sign, because making one costs as much as the signature: by
 * the identity of the seed's array, and its content, so that an array that was overwritten in
 * place cannot be taken for its old seed. A signature under the wrong public key would give the
 * seed away; that is why nobody may hand one in.
 */
export class PublicKeys {
  readonly #known = new WeakMap<Uint8Array, Known>();
  readonly #make: (seed: Uint8Array) => Uint8Array;

  constructor(make: (seed: Uint8Array) => Uint8Array) {
    this.#make = make;
  }

  of(seed: Uint8Array): Uint8Array {
    const known = this.#known.get(seed);
    if (known !== undefined && equalBytes(known.seed, seed)) return known.publicKey;
    known?.seed.fill(0);
    const publicKey = this.#make(seed);
    this.#known.set(seed, { seed: seed.slice(), publicKey });
    return publicKey;
  }
}
