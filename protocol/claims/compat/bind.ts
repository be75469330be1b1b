import type { IdentityGraph, ManifestIdentityBinding } from "../identity-types.ts";
import type { SignedManifest } from "../manifest-types.ts";
import { compatManifestId, compatVerifyManifest } from "./manifest.ts";
import { type CompatResolveOptions, compatResolveIdentityGraph } from "./resolve.ts";

/** What a verifier of root identity proofs answers. */
export interface ProofResult {
  readonly valid: boolean;
  readonly provenAddresses?: readonly string[];
}

export interface CompatBindOptions extends CompatResolveOptions {
  readonly proofVerifiers?: Readonly<
    Record<string, { verify(proof: string): ProofResult | Promise<ProofResult> }>
  >;
}

async function provenAddresses(
  signed: SignedManifest,
  { claims }: IdentityGraph,
  { proofVerifiers }: CompatBindOptions,
): Promise<string[]> {
  const verifier = proofVerifiers?.["root-identity"];
  if (verifier === undefined) return [];
  const proven: string[] = [];
  // Of the claims too whose signature does not fit.
  for (const { rootIdentityProof } of [signed, ...claims]) {
    if (rootIdentityProof === undefined) continue;
    try {
      const { valid, provenAddresses: more } = await verifier.verify(rootIdentityProof);
      if (valid && more !== undefined) proven.push(...more);
    } catch {
      // The reference takes no notice.
    }
  }
  return proven;
}

/** The reference's binding. @throws Error for an unknown kind, TypeError for a malformed graph */
export async function compatBindManifestToIdentity(
  signed: SignedManifest,
  graph: IdentityGraph,
  options: CompatBindOptions,
): Promise<ManifestIdentityBinding> {
  const { document } = graph;
  const answer = {
    manifestId: compatManifestId(signed.manifest, options.sha3),
    identityId: document.id,
    signerAddress: signed.authorAddress,
  };
  const verified = compatVerifyManifest(signed, options.sha3);
  if (!verified.valid) {
    const reason = `manifest signature invalid: ${verified.reason}`;
    return { valid: false, reason, ...answer, resolvedStatus: "active" };
  }
  const { resolved } = compatResolveIdentityGraph(graph, options);
  const resolvedStatus = resolved.status;
  const allowed = [
    ...[document.rootAddress, document.controllerAddress],
    ...resolved.controlledAddresses,
    ...resolved.authorizedAddresses,
    ...(await provenAddresses(signed, graph, options)),
  ];
  const signer = signed.authorAddress;
  if (!allowed.includes(signer)) {
    const reason = `signer address '${signer}' is not authorized to sign manifests for identity '${document.id}'`;
    return { valid: false, reason, ...answer, resolvedStatus };
  }
  if (resolvedStatus === "revoked")
    return { valid: false, reason: "identity has been revoked", ...answer, resolvedStatus };
  return { valid: true, ...answer, resolvedStatus };
}
