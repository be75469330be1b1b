import { LatchkeyError } from "../../errors.ts";
import { type Disclosure, type Hashes, parseDisclosure } from "./disclosure.ts";

/** Longest SD-JWT that is read, in characters, disclosures and key binding included. */
export const SD_JWT_MAX = 64 * 1024;
/** Most disclosures; RFC 9901's largest example has 27. */
export const DISCLOSURES_MAX = 128;

/** `<JWT>~<disclosure>~…~<key binding, or nothing>` in its parts (RFC 9901 §4). */
export interface CombinedSdJwt {
  readonly jwt: string;
  readonly disclosures: readonly Disclosure[];
  /** Absent if the last part is empty. */
  readonly keyBinding?: string;
  /** Everything up to the last tilde, which it includes: what `sd_hash` is over (§4.3.1). */
  readonly boundText: string;
}

/**
 * Splits an SD-JWT. Nothing is verified, but none of it is too large either.
 * @throws sd-jwt-too-large, jws-malformed, disclosure-invalid, claim-name-reserved,
 *   disclosure-repeated
 */
export function splitSdJwt(crypto: Hashes, text: string): CombinedSdJwt {
  if (text.length > SD_JWT_MAX) throw new LatchkeyError("sd-jwt-too-large");
  const parts = text.split("~");
  const [jwt, ...rest] = parts as [string, ...string[]];
  const keyBinding = rest.pop();
  if (keyBinding === undefined)
    throw new LatchkeyError("jws-malformed", { detail: { token: "credential" } });
  if (rest.length > DISCLOSURES_MAX) throw new LatchkeyError("sd-jwt-too-large");
  const disclosures = rest.map((encoded) => parseDisclosure(crypto, encoded));
  const digests = disclosures.map(({ digest }) => digest);
  if (digests.some((digest, i) => digests.indexOf(digest) !== i))
    throw new LatchkeyError("disclosure-repeated");
  const boundText = text.slice(0, text.length - keyBinding.length);
  return { jwt, disclosures, boundText, ...(keyBinding !== "" && { keyBinding }) };
}
