import { toBase64Url } from "../../encoding/base64.ts";
import type { JsonObject } from "../../json/reader.ts";
import { CREDENTIAL_TYP } from "../credential/issue.ts";
import type { IssuerTrust } from "../credential/issuer-trust.ts";
import type { Demand, RequiredClaim } from "./requirement.ts";

function claimQuery({ name, values }: RequiredClaim): JsonObject {
  return { path: [name], ...(values !== undefined && { values }) };
}

/**
 * What wallets are asked, in the Digital Credentials Query Language (OpenID4VP 1.0 §6). An issuer
 * by its DID is nothing that DCQL can name, so it becomes the key identifier of its certificate;
 * age of a credential is no part of the language at all. Both are checked when the answer comes.
 */
export function toDcql({ requirements, issuers, persona }: Demand, trust: IssuerTrust): JsonObject {
  const keyIds = issuers.map((issuer) => trust.keyIdsOf(issuer));
  // A hint helps only if it is complete: one issuer without an identifier must not be shut out.
  const complete = keyIds.length > 0 && keyIds.every((ids) => ids.length > 0);
  const authority = { type: "aki", values: keyIds.flat().map(toBase64Url) };
  const context = persona === undefined ? [] : [{ name: "persona", values: [persona] }];
  return {
    credentials: requirements.map(({ id, type, claims }) => ({
      ...{ id, format: CREDENTIAL_TYP, multiple: false },
      meta: { vct_values: [type.vct] },
      require_cryptographic_holder_binding: true,
      ...(complete && { trusted_authorities: [authority] }),
      claims: [...context, ...claims].map(claimQuery),
    })),
  };
}
