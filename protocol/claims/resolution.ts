import { isLatchkeyError, LatchkeyError } from "../errors.ts";
import { Authority, type Grant } from "./authority.ts";
import { type Candidate, graphError, isOtherMessage, type ResolveOptions } from "./claim-reader.ts";
import type {
  DelegationClaim,
  IdentityResolutionError,
  PaymentRecipientClaim,
  ResolvedIdentity,
  ServiceEndpointClaim,
  TotemIdentityDocument,
} from "./identity-types.ts";
import type { Inquiry } from "./inquiry.ts";
import { likelyNext } from "./likely-next.ts";
import { ALL, covers, MANAGE_IDENTITY, mayIssue, maySignManifests } from "./scopes.ts";
import type { SignatureChecks } from "./signature-checks.ts";

const FOREVER = Number.POSITIVE_INFINITY;
/** Within one millisecond endings come first: what is revoked then is not used any more. */
const ORDER: readonly string[] = Object.freeze(["revokes", "rotates_to"]);

/** What one pass learns for the next. */
export interface Known {
  /** Names that the root revoked itself, and when. */
  readonly withdrawn: ReadonlyMap<string, number>;
  /** Addresses that were rotated away, when, and by which claim. */
  readonly retired: ReadonlyMap<string, { readonly atMs: number; readonly claimId: string }>;
}

interface Accepted {
  readonly candidate: Candidate;
  /** What its issuer held when it was issued. */
  readonly issuer: Grant;
  /** What a delegation grants. */
  readonly grant?: Grant;
}

/** One pass over the claims of a graph, in the order of time; the first knows nothing `before`. */
export class Resolution {
  readonly errors: IdentityResolutionError[] = [];
  readonly #withdrawn = new Map<string, number>();
  readonly #retired = new Map<string, { readonly atMs: number; readonly claimId: string }>();
  readonly #before: Known | undefined;
  readonly #document: TotemIdentityDocument;
  readonly #options: ResolveOptions;
  /** In the order of time. */
  readonly #sorted: readonly Candidate[];
  /** Where of these the claims of the moment begin that is looked at. */
  #at = 0;
  readonly #signatures: SignatureChecks;
  /** One-time keys that were found to have signed two messages. */
  readonly #spent = new Set<string>();
  readonly #authority: Authority;
  readonly #accepted: Accepted[] = [];
  #controller: string;
  #revokedAt: number | undefined;
  #rotationTarget: string | undefined;
  #inDoubt = false;

  constructor(
    document: TotemIdentityDocument,
    candidates: readonly Candidate[],
    options: ResolveOptions,
    signatures: SignatureChecks,
    before?: Known,
  ) {
    this.#before = before;
    this.#document = document;
    this.#sorted = [...candidates].sort(
      (a, b) => a.claim.issuedAt - b.claim.issuedAt || order(a) - order(b) || a.index - b.index,
    );
    this.#signatures = signatures;
    this.#options = options;
    this.#authority = new Authority(before?.withdrawn ?? new Map(), options.firstSeenMs);
    this.#controller = document.rootAddress;
    const root = { address: document.rootAddress, scopes: [ALL] };
    this.#authority.grant({ ...root, fromMs: Number.NEGATIVE_INFINITY, untilMs: FOREVER });
  }

  get known(): Known {
    return { withdrawn: this.#withdrawn, retired: this.#retired };
  }

  *run(): Inquiry<ResolvedIdentity | null> {
    const { nowMs } = this.#options;
    const sorted = this.#sorted;
    while (this.#at < sorted.length) {
      const { issuedAt } = sorted[this.#at]!.claim;
      let end = this.#at;
      while (sorted[end]?.claim.issuedAt === issuedAt) end++;
      yield* this.#sameMoment(sorted.slice(this.#at, end));
      this.#at = end;
    }
    return this.#inDoubt ? null : this.#resolved(nowMs);
  }

  /** Claims of one millisecond may depend on each other, in any order. */
  *#sameMoment(claims: readonly Candidate[]): Inquiry<void> {
    let waiting = claims;
    for (;;) {
      const still: Candidate[] = [];
      for (const candidate of waiting) if (!(yield* this.#take(candidate))) still.push(candidate);
      if (still.length === waiting.length || still.length === 0) {
        for (const one of still) this.#refuse(one, new LatchkeyError("issuer-unauthorized"));
        return;
      }
      waiting = still;
    }
  }

  /** `false`: nobody lets its issuer say so, yet. */
  *#take(candidate: Candidate): Inquiry<boolean> {
    const { claim, addresses, content } = candidate;
    const held = this.#authority.held(addresses, claim.issuedAt);
    const able = held.filter(({ scopes }) => mayIssue(scopes, claim.type));
    const [issuer] = able;
    if (issuer === undefined) return false;
    try {
      yield* this.#checkSigned(candidate);
      if (content.type === "delegates_to") this.#delegate(candidate, able);
      else if (content.type === "rotates_to") this.#rotate(candidate, held, content.newAddress);
      else if (content.type === "revokes") this.#revoke(candidate, able, content.revoked);
      else this.#accepted.push({ candidate, issuer });
    } catch (error) {
      if (isLatchkeyError(error, "signatures-exceeded")) throw error;
      this.#refuse(candidate, error);
    }
    return true;
  }

  #fits(candidate: Candidate): Inquiry<boolean> {
    return this.#signatures.fits(candidate, (count) =>
      likelyNext(this.#sorted, this.#at, this.#authority, count),
    );
  }

  *#checkSigned(candidate: Candidate): Inquiry<void> {
    const { claim, addresses } = candidate;
    // Refused whatever its signature is, so nobody computes it. Not so endings: a revocation counts
    // from a spent key too, and two rotations leave nobody in control.
    const ends = claim.type === "revokes" || claim.type === "rotates_to";
    if (!ends && !candidate.isTree && this.#spent.has(addresses.claim))
      throw new LatchkeyError("key-reused");
    if (!(yield* this.#fits(candidate))) throw new LatchkeyError("signature-invalid");
    if (claim.type === "revokes") return; // better once too often
    if (this.#isBackdated(candidate))
      throw new LatchkeyError("time-implausible", {
        message: "nobody saw it before its key was rotated away",
      });
    // Not in the first pass: a manager that the root revoked later may have revoked the identity.
    const revokedAt = this.#before && this.#revokedAt;
    if (revokedAt !== undefined && claim.issuedAt > revokedAt)
      throw new LatchkeyError("identity-revoked");
    const conflicting =
      claim.type === "rotates_to" && (yield* this.#hasOther(candidate, "rotates_to"));
    if (conflicting) {
      this.#inDoubt ||= this.#isController(candidate);
      throw new LatchkeyError("rotation-conflict");
    }
    if (candidate.isTree || !(yield* this.#hasOther(candidate))) return;
    this.#spent.add(addresses.claim);
    throw new LatchkeyError("key-reused");
  }

  /** Whether the same key signed another claim (of that type): the signatures are computed. */
  *#hasOther(candidate: Candidate, type?: "rotates_to"): Inquiry<boolean> {
    for (const other of this.#signatures.inNameOf(candidate)) {
      if (!isOtherMessage(candidate, other)) continue;
      if (type !== undefined && other.claim.type !== type) continue;
      if (yield* this.#signatures.fits(other)) return true;
    }
    return false;
  }

  /** Whether a claim of a key that was rotated away later was seen only after that. */
  #isBackdated({ claim, addresses }: Candidate): boolean {
    const { firstSeenMs } = this.#options;
    if (firstSeenMs === undefined) return false;
    const seenMs = firstSeenMs(claim.id) ?? FOREVER;
    return [addresses.claim, addresses.manifest].some((name) => {
      const retired = this.#before?.retired.get(name);
      return retired !== undefined && retired.claimId !== claim.id && retired.atMs <= seenMs;
    });
  }

  #isController({ addresses: { claim, manifest } }: Candidate): boolean {
    return this.#controller === claim || this.#controller === manifest;
  }

  #delegate(candidate: Candidate, able: readonly Grant[]): void {
    const { claim, content } = candidate;
    const { delegatedAddress, scopes } = (content as { view: DelegationClaim }).view;
    const issuer = able.find((grant) => covers(grant.scopes, scopes));
    if (issuer === undefined)
      throw new LatchkeyError("issuer-unauthorized", {
        message: "the delegation grants more than its issuer holds",
      });
    const grant: Grant = {
      ...{ address: delegatedAddress, scopes, fromMs: claim.issuedAt },
      untilMs: Math.min(claim.expiresAt ?? FOREVER, issuer.untilMs),
      claimId: claim.id,
      parent: issuer,
    };
    this.#authority.grant(grant);
    this.#accepted.push({ candidate, issuer, grant });
  }

  /** All that the issuer holds moves to the new address. */
  #rotate(candidate: Candidate, held: readonly Grant[], newAddress: string): void {
    const { claim, addresses } = candidate;
    if (this.#isController(candidate)) {
      this.#controller = newAddress;
      this.#rotationTarget = newAddress;
    }
    for (const name of [addresses.claim, addresses.manifest]) {
      this.#authority.end(name, claim.issuedAt);
      this.#retired.set(name, { atMs: claim.issuedAt, claimId: claim.id });
    }
    // From the next millisecond: the ending of an address that rotates to itself is not undone.
    const fromMs = claim.issuedAt + 1;
    for (const grant of held) this.#authority.grant({ ...grant, address: newAddress, fromMs });
  }

  #revoke(candidate: Candidate, able: readonly Grant[], revoked: string): void {
    const { claim } = candidate;
    // As the root, if it may as that too.
    const issuer = able.find(({ claimId }) => claimId === undefined) ?? able[0]!;
    if (revoked === this.#document.id) {
      if (this.#authority.isWithdrawn(claim.id, issuer)) throw new LatchkeyError("claim-revoked");
      this.#revokedAt = Math.min(this.#revokedAt ?? claim.issuedAt, claim.issuedAt);
      return;
    }
    if (issuer.claimId !== undefined && this.#authority.isRoot(revoked, claim.issuedAt))
      throw new LatchkeyError("issuer-unauthorized", {
        message: "only the key in control revokes its own address",
      });
    this.#authority.end(revoked, claim.issuedAt);
    if (issuer.claimId === undefined) this.#withdrawn.set(revoked, claim.issuedAt);
  }

  #refuse({ index, claim }: Candidate, error: unknown): void {
    this.errors.push(graphError(error, index, claim.id));
  }

  /** Whether an accepted claim still counts; if not, it is refused now. */
  #stands({ candidate, issuer, grant }: Accepted, nowMs: number): boolean {
    const { id, expiresAt, issuedAt } = candidate.claim;
    const dead = grant !== undefined && !this.#authority.isAlive(grant, Math.max(nowMs, issuedAt));
    const expired = nowMs > Math.min(expiresAt ?? FOREVER, grant?.untilMs ?? FOREVER);
    const revoked = this.#authority.isEnded(id, nowMs) || this.#authority.isWithdrawn(id, issuer);
    if (expired) this.#refuse(candidate, new LatchkeyError("statement-expired"));
    else if (revoked || dead) this.#refuse(candidate, new LatchkeyError("claim-revoked"));
    return !expired && !revoked && !dead;
  }

  #resolved(nowMs: number): ResolvedIdentity {
    const document = this.#document;
    const standing = this.#accepted
      .filter((accepted) => this.#stands(accepted, nowMs))
      .sort((a, b) => a.candidate.index - b.candidate.index);
    const delegates = viewsOf<DelegationClaim>(standing, "delegates_to");
    const addressesOf = (views: readonly DelegationClaim[]) => [
      ...new Set(views.map(({ delegatedAddress }) => delegatedAddress)),
    ];
    const rotated = this.#rotationTarget;
    const revoked = this.#revokedAt;
    const manager = delegates.find(
      ({ delegatedAddress, scopes }) =>
        delegatedAddress === document.controllerAddress && covers(scopes, [MANAGE_IDENTITY]),
    );
    return {
      document,
      status: revoked !== undefined ? "revoked" : rotated !== undefined ? "rotated" : "active",
      rootAddress: document.rootAddress,
      controllerAddress: rotated ?? manager?.delegatedAddress ?? document.rootAddress,
      controlledAddresses: addressesOf(delegates),
      authorizedAddresses: addressesOf(delegates.filter(({ scopes }) => maySignManifests(scopes))),
      delegates,
      paymentRecipients: viewsOf<PaymentRecipientClaim>(standing, "payment_recipient"),
      serviceEndpoints: viewsOf<ServiceEndpointClaim>(standing, "service_endpoint"),
      ...(rotated === undefined ? {} : { rotationTarget: rotated }),
      ...(revoked === undefined ? {} : { revokedAt: revoked }),
    };
  }
}

function order({ claim }: Candidate): number {
  const place = ORDER.indexOf(claim.type);
  return place < 0 ? ORDER.length : place;
}

function viewsOf<View>(accepted: readonly Accepted[], type: Candidate["claim"]["type"]): View[] {
  return accepted.flatMap(({ candidate: { content } }) =>
    content.type === type && "view" in content ? [content.view as View] : [],
  );
}
