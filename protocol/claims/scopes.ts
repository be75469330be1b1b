import type { IdentityClaimType } from "./identity-types.ts";

/** Everything. */
export const ALL = "*";
/** May delegate, rotate and revoke. A word of its own: there are no other wildcards. */
export const MANAGE_IDENTITY = "identity:*";
/** May sign manifests. */
export const SIGN_MANIFEST = "manifest:sign";

/**
 * Scopes, of which the issuer needs one, besides `*`. Publishing an endpoint is within the power
 * of who signs manifests, since those carry endpoints; where money goes is not.
 */
const NEEDED: Readonly<Record<IdentityClaimType, readonly string[]>> = Object.freeze({
  delegates_to: [MANAGE_IDENTITY],
  rotates_to: [MANAGE_IDENTITY],
  revokes: [MANAGE_IDENTITY],
  service_endpoint: [MANAGE_IDENTITY, SIGN_MANIFEST, "endpoint:publish"],
  payment_recipient: [MANAGE_IDENTITY, "payment:register"],
});

/** Whether `held` lets its holder issue claims of a type. */
export function mayIssue(held: readonly string[], type: IdentityClaimType): boolean {
  return held.some((scope) => scope === ALL || NEEDED[type].includes(scope));
}

/** Whether `held` contains all of `wanted`. */
export function covers(held: readonly string[], wanted: readonly string[]): boolean {
  return held.includes(ALL) || wanted.every((scope) => held.includes(scope));
}

/** Whether `held` lets its holder sign manifests. */
export function maySignManifests(held: readonly string[]): boolean {
  return held.includes(ALL) || held.includes(SIGN_MANIFEST);
}
