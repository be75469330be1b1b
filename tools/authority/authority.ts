import { randomBytes } from "node:crypto";
import { createDelegationClaim } from "../../protocol/claims/claim.ts";
import { DEFAULT_SKEW_MS, MAX_CLAIMS } from "../../protocol/claims/claim-reader.ts";
import { createIdentityDocument } from "../../protocol/claims/document.ts";
import type {
  IdentityGraph,
  IdentityKind,
  IdentityResolutionResult,
  ResolvedIdentity,
  SignedIdentityClaim,
} from "../../protocol/claims/identity-types.ts";
import { rootTreeSeed } from "../../protocol/claims/key-tree.ts";
import { LeaseKeeper, type LeaseKeeperOptions } from "../../protocol/claims/lease.ts";
import { leaseKeys } from "../../protocol/claims/lease-record.ts";
import { resumeLease } from "../../protocol/claims/lease-resume.ts";
import { resolveIdentityGraph } from "../../protocol/claims/resolve.ts";
import {
  revokeIdentity,
  rotateIdentity,
  signIdentityClaim,
} from "../../protocol/claims/sign-claim.ts";
import { type LeasedSigner, TreeSigner } from "../../protocol/claims/signers.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { FileLeaseStore, FileLeaseWitness } from "../file-lease-store.ts";
import { AuthorityFiles } from "./authority-files.ts";
import { unwrapSeed, wrapSeed } from "./wrapped-seed.ts";

export interface AuthorityPlace {
  readonly folder: string;
  /** Another folder, which is not restored together with the first. */
  readonly witness: string;
}

export interface AuthorityOptions extends AuthorityPlace {
  readonly sha3: Sha3;
  readonly nowMs: () => number;
  /** Of scrypt, for new keys. */
  readonly cost?: number;
}

export interface DelegationWish {
  readonly delegatedAddress: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: number;
}

/** Places in a graph that only rotations and revocations take, so that there is always one left. */
const RESERVED_CLAIMS = 16;
const SEED_LENGTH = 32;

/**
 * An identity whose keys are here. Which of them is in control follows from the graph, so that
 * there is nothing beside it that could say otherwise after a crash.
 */
export class Authority {
  readonly #options: AuthorityOptions;
  readonly #files: AuthorityFiles;

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#files = new AuthorityFiles(options.folder, options.sha3);
  }

  get graphPath(): string {
    return this.#files.graphPath;
  }

  /** Founds an identity with a key of its own. @throws conflict when there is one here */
  async create(kind: IdentityKind, passphrase: string): Promise<IdentityGraph> {
    const { sha3, nowMs } = this.#options;
    if (this.#files.document() !== undefined)
      throw new LatchkeyError("conflict", {
        message: "there is an authority in this folder; another one needs its own --folder",
      });
    const rootAddress = await this.#newKey(passphrase);
    const fields = { kind, rootAddress, controllerAddress: rootAddress, createdAt: nowMs() };
    this.#files.createDocument(createIdentityDocument(fields, sha3));
    return this.graph();
  }

  /** Document and claims as they lie here, not checked. @throws file-unusable */
  graph(): IdentityGraph {
    const document = this.#files.document();
    if (document === undefined)
      throw new LatchkeyError("file-unusable", { message: "there is no authority in this folder" });
    return { document, claims: this.#files.claims() } as unknown as IdentityGraph;
  }

  resolve(): IdentityResolutionResult {
    return resolveIdentityGraph(this.graph(), this.#resolveOptions());
  }

  /**
   * The key in control.
   * @throws passphrase-wrong, identity-revoked, rotation-conflict, file-unusable; lease errors
   */
  async signer(passphrase: string): Promise<LeasedSigner> {
    return this.#open(this.#inControl(this.graph()).controllerAddress, passphrase);
  }

  async delegate(wish: DelegationWish, passphrase: string): Promise<SignedIdentityClaim> {
    const { sha3 } = this.#options;
    const signer = await this.signer(passphrase);
    return this.#issue(MAX_CLAIMS - RESERVED_CLAIMS, ({ document }, issuedAt) => {
      const parties = { issuer: signer.addresses.claim, subject: document.id };
      const claim = createDelegationClaim({ ...parties, ...wish, issuedAt }, sha3);
      return signIdentityClaim(claim, signer, { sha3 });
    });
  }

  /** Moves control to a new key, which is made here. Gives its address too. */
  async rotate(passphrase: string, newPassphrase: string) {
    const { sha3 } = this.#options;
    const signer = await this.signer(passphrase);
    const newAddress = await this.#newKey(newPassphrase);
    const signed = await this.#issue(MAX_CLAIMS, ({ document }, issuedAt) =>
      rotateIdentity(document, newAddress, signer, { sha3, issuedAt }),
    );
    return { signed, newAddress };
  }

  /** Revokes the identity, or what is named: a delegate's address or a claim's id. @throws not-found */
  async revoke(
    revoked: string | undefined,
    reason: string | undefined,
    passphrase: string,
  ): Promise<SignedIdentityClaim> {
    const { sha3 } = this.#options;
    const named = revoked === undefined ? {} : { revoked };
    const isHere = ({ claim }: SignedIdentityClaim) =>
      claim.object === revoked || claim.id === revoked;
    // By a key's other address, or with a letter wrong, it would revoke nothing and say it did.
    if (revoked !== undefined && !this.graph().claims.some(isHere))
      throw new LatchkeyError("not-found", { message: `no claim here is, or names, ${revoked}` });
    const signer = await this.signer(passphrase);
    return this.#issue(MAX_CLAIMS, ({ document }, issuedAt) =>
      revokeIdentity(document, reason, signer, { sha3, issuedAt, ...named }),
    );
  }

  /**
   * Goes on after a copy of the folder was put back, from where the witness stands; or, with
   * `ahead`, where witness or leases are lost (`resumeLease`).
   */
  async recover(passphrase: string, ahead?: number): Promise<void> {
    const { controllerAddress } = this.#inControl(this.graph());
    const { seed } = unwrapSeed(this.#files.key(controllerAddress), passphrase);
    const counted = rootTreeSeed(this.#options.sha3, seed);
    const keeper = this.#keeper();
    if (ahead === undefined) await keeper.recover(counted);
    else await resumeLease(this.#keeping(), keeper, counted, TreeSigner.uses, ahead);
  }

  /**
   * Signs a claim, makes sure that it will count, and only then keeps it: what was signed wrongly,
   * by a fault or a key that has lost its authority meanwhile, goes nowhere.
   */
  async #issue(
    room: number,
    sign: (graph: IdentityGraph, issuedAt: number) => Promise<SignedIdentityClaim>,
  ): Promise<SignedIdentityClaim> {
    const before = this.graph();
    if (before.claims.length >= room)
      throw new LatchkeyError("conflict", {
        message: `a graph has room for ${room} such claims; delegate to fewer, or found another`,
      });
    const signed = await sign(before, this.#momentAfter(before));
    const graph = this.graph();
    const claims = [...graph.claims, signed];
    const { errors } = resolveIdentityGraph({ ...graph, claims }, this.#resolveOptions());
    const wrong = errors.find(({ index }) => index === undefined || index === claims.length - 1);
    if (wrong !== undefined) throw new LatchkeyError(wrong.code, { message: wrong.message });
    this.#files.addClaim(signed);
    return signed;
  }

  /** Now, but after everything that was said before: a clock that was set back reorders nothing. */
  #momentAfter({ claims }: IdentityGraph): number {
    const nowMs = this.#options.nowMs();
    const latest = Math.max(0, ...claims.map(({ claim }) => Number(claim?.issuedAt) || 0));
    if (latest > nowMs + DEFAULT_SKEW_MS / 2)
      throw new LatchkeyError("time-implausible", {
        message: "the newest claim is later than this computer's clock: set the clock right",
      });
    return Math.max(nowMs, latest + 1);
  }

  #inControl(graph: IdentityGraph): ResolvedIdentity {
    const { resolved, errors } = resolveIdentityGraph(graph, this.#resolveOptions());
    if (resolved === null) {
      const { code, message } =
        errors.find(({ code }) => code === "rotation-conflict") ?? errors[0]!;
      throw new LatchkeyError(code, { message });
    }
    if (resolved.status === "revoked") throw new LatchkeyError("identity-revoked");
    return resolved;
  }

  #open(address: string, passphrase: string): LeasedSigner {
    const unwrapped = unwrapSeed(this.#files.key(address), passphrase);
    const signer = this.#signer(unwrapped.seed);
    if (signer.addresses.claim !== address)
      throw new LatchkeyError("signer-mismatch", { message: "the file holds another key" });
    return signer;
  }

  /** The leases first: a key that can be opened must never be one that nobody counts. */
  async #newKey(passphrase: string): Promise<string> {
    const { sha3, cost } = this.#options;
    const seed = new Secret(new Uint8Array(randomBytes(SEED_LENGTH)));
    await this.#keeper().create(rootTreeSeed(sha3, seed), TreeSigner.uses);
    const address = this.#signer(seed).addresses.claim;
    const wrapped = wrapSeed(seed, passphrase, {
      address,
      ...(cost === undefined ? {} : { cost }),
    });
    this.#files.addKey(address, wrapped);
    return address;
  }

  #signer(seed: Secret): TreeSigner {
    const { sha3 } = this.#options;
    const { keyId } = leaseKeys(sha3, rootTreeSeed(sha3, seed));
    return new TreeSigner({
      ...{ sha3, seed, keeper: this.#keeper() },
      cache: this.#files.treeCache(keyId),
    });
  }

  #keeper(): LeaseKeeper {
    return new LeaseKeeper(this.#keeping());
  }

  #keeping(): LeaseKeeperOptions {
    const { sha3, nowMs, witness } = this.#options;
    return {
      ...{ sha3, nowMs },
      store: new FileLeaseStore(this.#files.leases),
      witness: new FileLeaseWitness(witness),
    };
  }

  #resolveOptions() {
    return { sha3: this.#options.sha3, nowMs: this.#options.nowMs() };
  }
}
