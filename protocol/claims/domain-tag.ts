import { LatchkeyError, malformed } from "../errors.ts";
import { checkMoment } from "./moment.ts";

/**
 * What a signed object is, said inside it. The reference signs claims and manifests alike, as the
 * hash of their canonical JSON, so that one can be taken for the other; it tolerates further
 * members, and so both carry this one. It also holds the time of signing, which in a manifest of
 * the reference nobody signs.
 */
export interface DomainTag {
  readonly domain: Domain;
  /** Unix milliseconds. */
  readonly signedAt?: number;
}

export type Domain = "latchkey/v1/claim" | "latchkey/v1/manifest" | "latchkey/v1/firmware";

/** The member that carries the tag. */
export const TAG_MEMBER = "latchkey";

/**
 * The tag of an object from outside, checked to be for `domain`.
 * @throws domain-mismatch for another domain, or for none when it is required; malformed
 */
export function readTag(
  object: Readonly<Record<string, unknown>>,
  domains: readonly Domain[],
  required: boolean,
): DomainTag | undefined {
  if (!Object.hasOwn(object, TAG_MEMBER)) {
    if (!required) return undefined;
    throw new LatchkeyError("domain-mismatch", { message: "it carries no domain tag" });
  }
  const tag = object[TAG_MEMBER];
  if (typeof tag !== "object" || tag === null) throw malformed(TAG_MEMBER, "not an object");
  const { domain, signedAt } = tag as Readonly<Record<string, unknown>>;
  const known = domains.find((one) => one === domain);
  if (known === undefined)
    throw new LatchkeyError("domain-mismatch", { message: "it was signed as something else" });
  if (signedAt === undefined) return { domain: known };
  return { domain: known, signedAt: checkMoment(signedAt, `${TAG_MEMBER}.signedAt`) };
}
