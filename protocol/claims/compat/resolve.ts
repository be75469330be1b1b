import type { Sha3 } from "../../crypto/sha3.ts";
import type {
  DelegationClaim,
  IdentityClaim,
  IdentityGraph,
  IdentityResolutionResult,
  PaymentRecipientClaim,
  ResolvedIdentity,
  ServiceEndpointClaim,
} from "../identity-types.ts";
import { compatVerifyIdentityClaim } from "./claim.ts";

export interface CompatResolveOptions {
  readonly sha3: Sha3;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** `expiresAt` is whatever it is: "never" never ends, null ended in 1970. */
function isExpired({ expiresAt }: IdentityClaim, nowMs: number): boolean {
  return expiresAt !== undefined && nowMs > expiresAt;
}

function delegationOf(claim: IdentityClaim): DelegationClaim {
  const { id: claimId, issuer, subject, object, issuedAt, expiresAt, payload } = claim;
  const scopes = payload["scopes"];
  return {
    ...{ claimId, issuer, subject, delegatedAddress: object },
    scopes: Array.isArray(scopes) ? (scopes as string[]) : [],
    issuedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function paymentOf(claim: IdentityClaim): PaymentRecipientClaim {
  const { id: claimId, issuer, object: address, issuedAt, expiresAt, payload } = claim;
  const label = payload["label"] as string | undefined;
  return {
    ...{ claimId, issuer, address },
    ...(label === undefined ? {} : { label }),
    issuedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function endpointOf(claim: IdentityClaim): ServiceEndpointClaim {
  const { id: claimId, issuer, object: uri, issuedAt, expiresAt, payload } = claim;
  const endpointType = (payload["endpointType"] as string | undefined) ?? "unknown";
  return {
    ...{ claimId, issuer, endpointType, uri, issuedAt },
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** Claims whose issuer signed them and is the root, the controller or a delegate of any scope. */
function authorizedClaims(
  { document, claims }: IdentityGraph,
  { sha3, nowMs }: CompatResolveOptions,
): IdentityClaim[] {
  const signed = claims
    .filter((one) => compatVerifyIdentityClaim(one, sha3).valid)
    .filter(({ claim, proof }) => proof.address === claim.issuer)
    .map(({ claim }) => claim)
    .filter(({ subject }) => subject === document.id);
  const issuers = [document.rootAddress, document.controllerAddress];
  const delegates = signed.filter(
    (claim) =>
      claim.type === "delegates_to" && issuers.includes(claim.issuer) && !isExpired(claim, nowMs),
  );
  const all = [...issuers, ...delegates.map(({ object }) => object)];
  return signed.filter(({ issuer }) => all.includes(issuer));
}

/**
 * The reference's resolution: no scope is asked for, no rotation followed, no refusal reported.
 * @throws TypeError for a malformed claim
 */
export function compatResolveIdentityGraph(
  graph: IdentityGraph,
  options: CompatResolveOptions,
): IdentityResolutionResult & { readonly resolved: ResolvedIdentity } {
  const { document } = graph;
  const claims = authorizedClaims(graph, options);
  const current = claims.filter((claim) => !isExpired(claim, options.nowMs));
  const of = (type: string) => current.filter((claim) => claim.type === type);
  const revocations = claims.filter(({ type }) => type === "revokes");
  const [rotation] = of("rotates_to");
  const delegates = of("delegates_to").map(delegationOf);
  const authorized = delegates.filter(({ scopes }) =>
    scopes.some((scope) => scope === "*" || scope === "manifest:sign"),
  );
  const revoked = revocations.length > 0;
  const resolved: ResolvedIdentity = {
    document,
    status: revoked ? "revoked" : rotation === undefined ? "active" : "rotated",
    rootAddress: document.rootAddress,
    controllerAddress: document.controllerAddress,
    controlledAddresses: [...new Set(delegates.map((one) => one.delegatedAddress))],
    authorizedAddresses: [...new Set(authorized.map((one) => one.delegatedAddress))],
    delegates,
    paymentRecipients: of("payment_recipient").map(paymentOf),
    serviceEndpoints: of("service_endpoint").map(endpointOf),
    ...(rotation === undefined ? {} : { rotationTarget: rotation.object }),
    ...(revoked ? { revokedAt: Math.min(...revocations.map((one) => one.issuedAt)) } : {}),
  };
  return { resolved, errors: [] };
}
