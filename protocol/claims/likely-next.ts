import type { Authority } from "./authority.ts";
import type { Candidate } from "./claim-reader.ts";
import { mayIssue } from "./scopes.ts";

/** Claims that are looked at for one that is found: strangers may have put any number between. */
const LOOKS = 4;

/**
 * Which claims, in the order of time from `from` on, will have their signatures asked for if all
 * before them count: those whose issuer has the authority now or gets it on the way. A guess, to
 * compute signatures side by side; nothing is decided by it.
 */
export function* likelyNext(
  sorted: readonly Candidate[],
  from: number,
  authority: Authority,
  count: number,
): Generator<Candidate> {
  const named = new Set<string>();
  let [left, looks] = [count, LOOKS * count];
  for (let at = from; at < sorted.length && looks > 0; at++) {
    const candidate = sorted[at]!;
    const { addresses, claim, content, signed } = candidate;
    if (signed !== undefined) continue;
    looks--;
    const isNamed = named.has(addresses.claim) || named.has(addresses.manifest);
    const held = isNamed ? [] : authority.held(addresses, claim.issuedAt);
    if (!isNamed && !held.some(({ scopes }) => mayIssue(scopes, claim.type))) continue;
    if (content.type === "delegates_to") named.add(content.view.delegatedAddress);
    if (content.type === "rotates_to") named.add(content.newAddress);
    yield candidate;
    if (--left === 0) return;
  }
}
