import { decodeAddress } from "../../protocol/claims/address.ts";
import { verifyManifestIdentity } from "../../protocol/claims/bind-manifest.ts";
import { canonicalJson } from "../../protocol/claims/canonical-json.ts";
import { compatVerifyOwnershipProof } from "../../protocol/claims/compat/ownership.ts";
import { computeIdentityId } from "../../protocol/claims/document.ts";
import * as guards from "../../protocol/claims/guards.ts";
import { computeManifestId } from "../../protocol/claims/manifest-form.ts";
import { decodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { resolveIdentityGraph } from "../../protocol/claims/resolve.ts";
import { treeVerify } from "../../protocol/claims/tree-proof.ts";
import { verifyIdentityClaim } from "../../protocol/claims/verify-claim.ts";
import { verifyManifest } from "../../protocol/claims/verify-manifest.ts";
import { wotsPublicKey } from "../../protocol/claims/wots-secret.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { evaluate, type VectorCase } from "./claims-cases.ts";

// biome-ignore lint/suspicious/noExplicitAny: each operation of the vectors has a form of its own
type Any = any;

/** A decision, and what the reference decides, in one form. */
interface Comparison {
  readonly ours: unknown;
  readonly theirs: unknown;
}

const GUARDS: Readonly<Record<string, (value: unknown) => boolean>> = { ...guards };

function ownership({ rootPublicKey, rootProof }: Any, sha3: Sha3): boolean {
  const bytes = rootProof.signature.length === 2 * 4125 ? fromHex(rootProof.signature) : undefined;
  const digest = sha3.sha3_256(toUtf8(rootProof.message));
  return bytes !== undefined && treeVerify(sha3, fromHex(rootPublicKey), digest, bytes);
}

/** The controller of a document is not believed: compared elsewhere. */
function withoutController(resolved: Any): unknown {
  if (resolved === null) return null;
  const { controllerAddress, ...rest } = JSON.parse(JSON.stringify(resolved));
  return rest;
}

const key = (seed: string, index: unknown, sha3: Sha3) =>
  toHex(wotsPublicKey(sha3, new Secret(fromHex(seed)), index as number));

/** How strict rules decide a case; `undefined` where they have no say. */
function compare(
  { op, input, expect }: VectorCase,
  now: number,
  sha3: Sha3,
): Comparison | undefined {
  const nowMs = input.now ?? now;
  const theirs = expect?.valid ?? expect;
  const guard = GUARDS[op];
  if (guard !== undefined) return { ours: guard(input.value), theirs };
  switch (op) {
    case "canonicalJson":
      return { ours: canonicalJson(evaluate(input.js)), theirs: expect.text };
    case "keyIndexCoercion":
      return { ours: key(input.seed, evaluate(input.indexJs), sha3), theirs: expect.pkDigest };
    case "parseMx":
      return { ours: toHex(decodeAddress(sha3, input.address)), theirs };
    case "computeIdentityId":
      return { ours: computeIdentityId(input.kind, input.rootAddress, sha3), theirs };
    case "verifyIdentityClaim":
      return { ours: verifyIdentityClaim(input.signed, { sha3 }).valid, theirs };
    case "resolveIdentityGraph":
      return {
        ours: withoutController(resolveIdentityGraph(input.graph, { sha3, nowMs }).resolved),
        theirs: withoutController(expect.resolved),
      };
    case "computeManifestId":
      return { ours: computeManifestId(input.manifest, sha3), theirs };
    case "verifyManifest":
      return { ours: verifyManifest(input.signed, { sha3, nowMs }).valid, theirs };
    case "decodeManifest":
      return { ours: decodeManifest(fromHex(input.hex)), theirs };
    case "bindManifestToIdentity":
      return {
        ours: verifyManifestIdentity(input.signedManifest, input.graph, { sha3, nowMs }).valid,
        theirs,
      };
    case "verifyOwnershipProof":
      return {
        ours: compatVerifyOwnershipProof(input.proof, sha3) && ownership(input.proof, sha3),
        theirs,
      };
    default:
      return undefined;
  }
}

/** What both refuse is the same, whatever each calls it; what the reference throws over is not. */
export function strictComparison(one: VectorCase, now: number, sha3: Sha3): Comparison | undefined {
  const thrown = (value: unknown) =>
    typeof value === "object" && value !== null && "throws" in value;
  const refused = (value: unknown) => one.unsafe === undefined && thrown(value);
  try {
    const comparison = compare(one, now, sha3);
    if (comparison === undefined) return undefined;
    const { ours, theirs } = comparison;
    return { ours, theirs: refused(theirs) ? false : theirs };
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    return { ours: false, theirs: refused(one.expect) ? false : one.expect };
  }
}
