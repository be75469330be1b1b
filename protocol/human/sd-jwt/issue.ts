import type { SignEs256 } from "../../crypto/p256.ts";
import type { JsonObject } from "../../json/reader.ts";
import { signJws } from "../jose/compact-jws.ts";
import { type Claims, type FoldOptions, fold } from "./fold.ts";

/** Issues an SD-JWT with all of its disclosures; ends in a tilde. `sign` is the issuer's. */
export async function issueSdJwt(
  claims: Claims,
  header: JsonObject & { readonly typ: string },
  sign: SignEs256,
  options: FoldOptions,
): Promise<string> {
  const { payload, disclosures } = fold(claims, options);
  const jwt = await signJws(header, payload, sign);
  return [jwt, ...disclosures.map(({ encoded }) => encoded), ""].join("~");
}
