import { LatchkeyError } from "../errors.ts";
import { isAddressOf, type KeyAddresses } from "./address.ts";
import { ownValue, type ResolveOptions } from "./claim-reader.ts";
import type { IdentityGraph, ManifestIdentityBinding, ResolvedIdentity } from "./identity-types.ts";
import { answerAtOnce, type Inquiry } from "./inquiry.ts";
import { computeManifestId } from "./manifest-form.ts";
import type { SignedManifest } from "./manifest-types.ts";
import { inquireGraph, resolveIdentityGraph } from "./resolve.ts";
import { maySignManifests } from "./scopes.ts";
import { refusal } from "./verify-claim.ts";
import { checkSignedManifest, type VerifyManifestOptions } from "./verify-manifest.ts";

export type BindOptions = ResolveOptions & VerifyManifestOptions;

/** A manifest that an identity stands behind. */
export interface BoundManifest {
  readonly signed: SignedManifest;
  readonly identity: ResolvedIdentity;
}

function isAllowed(identity: ResolvedIdentity, addresses: KeyAddresses): boolean {
  // A controller that the root only named is a delegate, and needs the scope like any other.
  if (isAddressOf(addresses, identity.rotationTarget ?? identity.rootAddress)) return true;
  return identity.delegates.some(
    ({ delegatedAddress, scopes }) =>
      isAddressOf(addresses, delegatedAddress) && maySignManifests(scopes),
  );
}

/**
 * Checks that an identity stands behind a manifest: its signature, the graph, and that the signer
 * is in control or a delegate with `manifest:sign` or `*`, now.
 * @throws as `checkSignedManifest`; the code of a graph that cannot be resolved;
 * identity-revoked, issuer-unauthorized
 */
export function* checkManifestIdentity(
  signed: unknown,
  graph: unknown,
  options: BindOptions,
): Inquiry<BoundManifest> {
  const { signed: checked, addresses } = yield* checkSignedManifest(signed, options);
  const { resolved: identity, errors } = yield* inquireGraph(graph, options);
  if (identity === null) {
    const { code, message } = errors.find(({ code }) => code === "rotation-conflict") ?? errors[0]!;
    throw new LatchkeyError(code, { message });
  }
  if (identity.status === "revoked") throw new LatchkeyError("identity-revoked");
  if (!isAllowed(identity, addresses))
    throw new LatchkeyError("issuer-unauthorized", {
      message: "the signer may not sign manifests for this identity",
    });
  return { signed: checked, identity };
}

/** What can be said of a manifest and a graph that were refused, without trust in either. */
function describe(signed: unknown, graph: unknown, options: BindOptions) {
  const { resolved } = resolveIdentityGraph(graph, options);
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  let manifestId = "";
  try {
    manifestId = computeManifestId(ownValue(signed, "manifest") as never, options.sha3);
  } catch {
    // It has none that could be computed.
  }
  return {
    manifestId,
    identityId: text(ownValue(ownValue(graph, "document"), "id")),
    signerAddress: text(ownValue(signed, "authorAddress")),
    resolvedStatus: resolved?.status ?? "revoked",
  } as const;
}

/** {@link checkManifestIdentity} with an answer in place of an exception. */
export function verifyManifestIdentity(
  signed: unknown,
  graph: unknown,
  options: BindOptions,
): ManifestIdentityBinding {
  try {
    const bound = answerAtOnce(checkManifestIdentity(signed, graph, options), options.sha3);
    return {
      valid: true,
      manifestId: computeManifestId(bound.signed.manifest, options.sha3),
      identityId: bound.identity.document.id,
      signerAddress: bound.signed.authorAddress,
      resolvedStatus: bound.identity.status,
    };
  } catch (error) {
    return { valid: false, ...refusal(error), ...describe(signed, graph, options) };
  }
}

/**
 * The reference's name for the same, and like there a promise: whoever waits for it there waits
 * for it here.
 */
export async function bindManifestToIdentity(
  signed: SignedManifest,
  graph: IdentityGraph,
  options: BindOptions,
): Promise<ManifestIdentityBinding> {
  return verifyManifestIdentity(signed, graph, options);
}
