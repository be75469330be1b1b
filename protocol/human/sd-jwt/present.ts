import { LatchkeyError } from "../../errors.ts";
import { parseCompact, parsePayload } from "../jose/compact-jws.ts";
import { splitSdJwt } from "./combined.ts";
import type { Hashes } from "./disclosure.ts";
import { type ClaimPath, type Unfolded, unfold } from "./unfold.ts";

/** A claim that is asked for: as a DCQL path, where `null` stands for every element of an array. */
export type ClaimQuery = readonly (string | number | null)[];

/** What a holder sees in a credential of its own: its signature is not checked. */
export function readOwnSdJwt(crypto: Hashes, sdJwt: string): Unfolded {
  const { jwt, disclosures } = splitSdJwt(crypto, sdJwt);
  const payload = parsePayload(parseCompact(jwt, "credential"), "credential");
  return unfold(payload.value, disclosures);
}

/** Whether one is the beginning of the other: on the way to what is asked for, or a part of it. */
function meets(path: ClaimPath, query: ClaimQuery): boolean {
  const length = Math.min(path.length, query.length);
  for (let i = 0; i < length; i++) {
    const [step, wanted] = [path[i]!, query[i]!];
    if (wanted === null ? typeof step !== "number" : step !== wanted) return false;
  }
  return true;
}

/**
 * The SD-JWT with only the disclosures that the queries need: what is asked for, all that it
 * holds, and the disclosures in which it is hidden itself. Ends in a tilde, for `bindKey`.
 * @throws claim-unavailable when a query meets nothing in the credential
 */
export function selectDisclosures(
  crypto: Hashes,
  sdJwt: string,
  queries: readonly ClaimQuery[],
): string {
  const { jwt, keyBinding } = splitSdJwt(crypto, sdJwt);
  if (keyBinding !== undefined) throw new LatchkeyError("key-binding-unexpected");
  const { claims, placed } = readOwnSdJwt(crypto, sdJwt);
  for (const query of queries)
    if (!has(claims, query))
      throw new LatchkeyError("claim-unavailable", { detail: { claim: query.join(".") } });
  const shown = placed.filter(({ path }) => queries.some((query) => meets(path, query)));
  return [jwt, ...shown.map(({ disclosure }) => disclosure.encoded), ""].join("~");
}

/** Whether a query finds anything in claims that are all disclosed. */
function has(value: unknown, query: ClaimQuery): boolean {
  const [step, ...rest] = query;
  if (step === undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  if (step === null) return Array.isArray(value) && value.some((element) => has(element, rest));
  if (typeof step === "number" ? !Array.isArray(value) : Array.isArray(value)) return false;
  return Object.hasOwn(value, step) && has((value as Record<string, unknown>)[step], rest);
}
