import { toBase64Url } from "../protocol/encoding/base64.ts";
import { toUtf8 } from "../protocol/encoding/utf8.ts";
import type { ServiceContext } from "./context.ts";

/**
 * A token for an operator, an enrolment (of a node, of a person) or a back end: 256 random bits
 * behind a prefix that tells secret scanners and people what it is. Only its hash is stored; it
 * needs no slow hash, because nobody can try 2^256 values.
 */
export function newToken(
  { random, crypto }: Pick<ServiceContext, "random" | "crypto">,
  prefix: "lka" | "lke" | "lkp" | `lkb_${string}`,
): { readonly token: string; readonly hash: Uint8Array } {
  const token = `${prefix}_${toBase64Url(random.bytes(32))}`;
  return { token, hash: tokenHash({ crypto }, token) };
}

export function tokenHash({ crypto }: Pick<ServiceContext, "crypto">, token: string): Uint8Array {
  return crypto.sha256(toUtf8(token));
}
