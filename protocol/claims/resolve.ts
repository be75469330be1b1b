import { malformed } from "../errors.ts";
import {
  ClaimReader,
  graphError,
  MAX_CLAIMS,
  ownValue,
  type ResolveOptions,
} from "./claim-reader.ts";
import { checkIdentityDocument } from "./document.ts";
import type {
  IdentityResolutionResult,
  ResolvedIdentity,
  TotemIdentityDocument,
} from "./identity-types.ts";
import { answerAtOnce, type Inquiry } from "./inquiry.ts";
import { type Known, Resolution } from "./resolution.ts";
import { SignatureChecks } from "./signature-checks.ts";

function claimsOf(graph: unknown, max: number): readonly unknown[] {
  const claims = ownValue(graph, "claims");
  if (!Array.isArray(claims)) throw malformed("claims", "not an array");
  if (claims.length > max) throw malformed("claims", `more than ${max}`);
  return claims;
}

/**
 * Who controls an identity and acts for it at a moment. Claims are taken in the order of time, and
 * each must have been issued by somebody who then had the authority for it; signatures are computed
 * only for those, so that strangers' claims cost next to nothing. Never throws on foreign input:
 * every claim that does not count stands in `errors`, with a code.
 */
export function resolveIdentityGraph(
  graph: unknown,
  options: ResolveOptions,
): IdentityResolutionResult {
  return answerAtOnce(inquireGraph(graph, options), options.sha3);
}

/** {@link resolveIdentityGraph} as an inquiry, which may rest after each claim. */
export function* inquireGraph(
  graph: unknown,
  options: ResolveOptions,
): Inquiry<IdentityResolutionResult> {
  let reader: ClaimReader;
  let document: TotemIdentityDocument;
  try {
    const claims = claimsOf(graph, options.maxClaims ?? MAX_CLAIMS);
    document = checkIdentityDocument(ownValue(graph, "document"), options.sha3);
    reader = new ClaimReader(document, options);
    for (let i = 0; i < claims.length; i++) {
      reader.read(ownValue(claims, String(i)), i);
      yield;
    }
  } catch (error) {
    return { resolved: null, errors: [graphError(error)] };
  }
  const signatures = new SignatureChecks(reader.candidates, options);
  const pass = (before?: Known) =>
    new Resolution(document, reader.candidates, options, signatures, before);
  // Once to learn what was revoked and rotated, and once with that knowledge.
  const first = pass();
  let second: Resolution;
  let resolved: ResolvedIdentity | null;
  try {
    yield* first.run();
    second = pass(first.known);
    resolved = yield* second.run();
  } catch (error) {
    return { resolved: null, errors: [graphError(error)] };
  }
  const errors = [...reader.errors, ...second.errors].sort(
    (a, b) => (a.index ?? -1) - (b.index ?? -1),
  );
  return { resolved, errors };
}
