import type { Secret } from "../crypto/secret.ts";
import type { Sha3 } from "../crypto/sha3.ts";
import { LatchkeyError } from "../errors.ts";
import { addressesOf, type KeyAddresses } from "./address.ts";
import { KeyTree, rootTreeSeed, type TreeCache } from "./key-tree.ts";
import type { LeaseKeeper } from "./lease.ts";
import { TREE_CAPACITY } from "./tree-proof.ts";
import { MAX_KEY_INDEX, unsafeWotsSign, wotsPublicKey } from "./wots-secret.ts";

/**
 * A key that signs only with a use that a {@link LeaseKeeper} has reserved for it: there is no
 * way to hand it an index. Claims and manifests are signed through it and through nothing else.
 */
export abstract class LeasedSigner {
  readonly #publicKey: Uint8Array;
  /** The signer's two addresses. */
  readonly addresses: KeyAddresses;

  protected constructor(sha3: Sha3, publicKey: Uint8Array) {
    this.#publicKey = publicKey;
    this.addresses = addressesOf(sha3, publicKey);
  }

  /** 32 bytes. */
  get publicKey(): Uint8Array {
    return this.#publicKey.slice();
  }

  /**
   * Signs a 32-byte digest: 1,088 bytes of a one-time key, 4,125 of a tree. The use is spent
   * before the key is derived, whether or not the signature comes to be.
   * @throws lease-spent, lease-exhausted, lease-missing, lease-rolled-back, lease-corrupt, busy
   */
  abstract sign(digest: Uint8Array): Promise<Uint8Array>;
}

export interface SignerOptions {
  readonly sha3: Sha3;
  /** 32 bytes. */
  readonly seed: Secret;
  readonly keeper: LeaseKeeper;
}

export interface OneTimeSignerOptions extends SignerOptions {
  readonly index: number;
}

/** Key `index` of a seed: an address of its own that signs once. */
export class OneTimeSigner extends LeasedSigner {
  /** The uses to `create` leases for: each index is one. */
  static readonly uses = Object.freeze({ first: 0, end: MAX_KEY_INDEX + 1 });
  readonly #options: OneTimeSignerOptions;

  /** Derives the public key: 8,714 permutations. @throws malformed */
  constructor(options: OneTimeSignerOptions) {
    super(options.sha3, wotsPublicKey(options.sha3, options.seed, options.index));
    this.#options = options;
  }

  async sign(digest: Uint8Array): Promise<Uint8Array> {
    const { sha3, seed, keeper, index } = this.#options;
    const use = await keeper.reserve(seed, digest, index);
    return unsafeWotsSign(sha3, seed, use, digest).signature;
  }
}

export interface TreeSignerOptions extends SignerOptions {
  readonly cache?: TreeCache;
}

/** A tree over a seed: one address that signs 262,144 times. */
export class TreeSigner extends LeasedSigner {
  /** The uses to `create` leases for, of `rootTreeSeed`; devices that share it take parts. */
  static readonly uses = Object.freeze({ first: 0, end: TREE_CAPACITY });
  readonly #keeper: LeaseKeeper;
  readonly #seed: Secret;
  readonly #tree: KeyTree;

  /** Derives the first node, 557,696 permutations if no cache has it. @throws malformed */
  constructor({ sha3, seed, keeper, cache }: TreeSignerOptions) {
    const treeSeed = rootTreeSeed(sha3, seed);
    const tree = new KeyTree(sha3, treeSeed, cache);
    super(sha3, tree.publicKey());
    this.#keeper = keeper;
    this.#seed = treeSeed;
    this.#tree = tree;
  }

  async sign(digest: Uint8Array): Promise<Uint8Array> {
    const use = await this.#keeper.reserve(this.#seed, digest);
    if (use >= TREE_CAPACITY) throw new LatchkeyError("lease-exhausted");
    return this.#tree.unsafeSign(use, digest);
  }
}
