import assert from "node:assert/strict";
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
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import nodes from "./claims-tree-nodes.json" with { type: "json" };
import { FakeStorage } from "./fake-platform.ts";

/** The moment of these tests: 1 January 2026. */
export const NOW = 1_767_225_600_000;
export const DAY = 86_400_000;

/**
 * Public keys of the first nodes of the trees below, as `TreeCache` keeps them: making one takes
 * half a million hashes. They are authenticated, so a wrong one would be made anew, and is refused.
 */
const NODES: ReadonlyMap<string, string> = new Map(Object.entries(nodes));
type TreeName = "root" | "delegate" | "second" | "third";

/** Keys, their leases, and an identity to make claims about. */
export class ClaimsWorld {
  readonly sha3: Sha3;
  readonly store = new FakeStorage();
  readonly witness = new FakeStorage();
  readonly keeper: LeaseKeeper;

  constructor(sha3: Sha3) {
    this.sha3 = sha3;
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

  /** A key that signs often; `root`, `delegate`, `second` and `third` are there at once. */
  async tree(word: TreeName): Promise<TreeSigner> {
    const seed = this.seed(word);
    await this.keeper.create(rootTreeSeed(this.sha3, seed), TreeSigner.uses);
    const cache: TreeCache = {
      get: (path) =>
        NODES.has(`${word} ${path}`) ? fromBase64(NODES.get(`${word} ${path}`)!) : undefined,
      set: (path) => assert.fail(`claims-tree-nodes.json has no node ${word} ${path}`),
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
