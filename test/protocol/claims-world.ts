import { createDelegationClaim } from "../../protocol/claims/claim.ts";
import type { ResolveOptions } from "../../protocol/claims/claim-reader.ts";
import { createIdentityDocument } from "../../protocol/claims/document.ts";
import type {
  IdentityClaim,
  SignedIdentityClaim,
  TotemIdentityDocument,
} from "../../protocol/claims/identity-types.ts";
import type { TreeCache } from "../../protocol/claims/key-tree.ts";
import { rootTreeSeed } from "../../protocol/claims/key-tree.ts";
import { LeaseKeeper } from "../../protocol/claims/lease.ts";
import { resolveIdentityGraph } from "../../protocol/claims/resolve.ts";
import { signIdentityClaim } from "../../protocol/claims/sign-claim.ts";
import { type LeasedSigner, OneTimeSigner, TreeSigner } from "../../protocol/claims/signers.ts";
import {
  StorageLeaseStore,
  StorageLeaseWitness,
} from "../../protocol/claims/storage-lease-store.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { FakeStorage } from "./fake-platform.ts";

/** The moment of these tests: 1 January 2026. */
export const NOW = 1_767_225_600_000;
export const DAY = 86_400_000;

/** Keys, their leases, and an identity to make claims about. */
export class ClaimsWorld {
  readonly sha3: Sha3;
  readonly store = new FakeStorage();
  readonly witness = new FakeStorage();
  readonly keeper: LeaseKeeper;
  /** Nodes of trees, kept between the tests of a file: each takes half a million hashes. */
  readonly #kept: Map<string, Uint8Array>;

  constructor(sha3: Sha3, kept = new Map<string, Uint8Array>()) {
    this.sha3 = sha3;
    this.#kept = kept;
    this.keeper = new LeaseKeeper({
      sha3,
      store: new StorageLeaseStore(this.store),
      witness: new StorageLeaseWitness(this.witness),
      nowMs: () => NOW,
    });
  }

  /** The same seed for the same word. */
  seed(word: string): Secret {
    return new Secret(this.sha3.sha3_256(toUtf8(`test seed ${word}`)));
  }

  /** A key that signs once. */
  async oneTime(word: string, index = 0): Promise<OneTimeSigner> {
    const seed = this.seed(word);
    await this.keeper.create(seed, OneTimeSigner.uses).catch(() => {}); // counted already
    return new OneTimeSigner({ sha3: this.sha3, seed, keeper: this.keeper, index });
  }

  /** A key that signs often. */
  async tree(word: string): Promise<TreeSigner> {
    const seed = this.seed(word);
    await this.keeper.create(rootTreeSeed(this.sha3, seed), TreeSigner.uses);
    const cache: TreeCache = {
      get: (path) => this.#kept.get(`${word} ${path}`),
      set: (path, bytes) => void this.#kept.set(`${word} ${path}`, bytes),
    };
    return new TreeSigner({ sha3: this.sha3, seed, keeper: this.keeper, cache });
  }

  document(root: LeasedSigner, controller: LeasedSigner = root): TotemIdentityDocument {
    return createIdentityDocument(
      {
        kind: "service",
        rootAddress: root.addresses.claim,
        controllerAddress: controller.addresses.claim,
        createdAt: NOW,
      },
      this.sha3,
    );
  }

  sign(claim: IdentityClaim, signer: LeasedSigner): Promise<SignedIdentityClaim> {
    return signIdentityClaim(claim, signer, { sha3: this.sha3 });
  }

  delegation(
    document: TotemIdentityDocument,
    issuer: LeasedSigner,
    to: LeasedSigner,
    scopes: readonly string[],
    times: { issuedAt?: number; expiresAt?: number } = {},
  ): Promise<SignedIdentityClaim> {
    const parties = { issuer: issuer.addresses.claim, subject: document.id };
    const delegatedAddress = to.addresses.claim;
    const fields = { ...parties, delegatedAddress, scopes, issuedAt: NOW - DAY, ...times };
    return this.sign(createDelegationClaim(fields, this.sha3), issuer);
  }

  resolve(
    document: TotemIdentityDocument,
    claims: readonly unknown[],
    options: Partial<ResolveOptions> = {},
  ) {
    return resolveIdentityGraph({ document, claims }, { sha3: this.sha3, nowMs: NOW, ...options });
  }
}
