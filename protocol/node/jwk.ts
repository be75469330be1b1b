import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import type { JsonObject } from "../json/reader.ts";

/** Thumbprint of an Ed25519 public key (RFC 7638 §3, RFC 8037 §2), base64url: its key id. */
export function keyId(crypto: CryptoProvider, publicKey: Uint8Array): string {
  // The members in lexicographic order without white space, as RFC 7638 §3.2 demands.
  const canonical = `{"crv":"Ed25519","kty":"OKP","x":"${toBase64Url(publicKey)}"}`;
  return toBase64Url(crypto.sha256(toUtf8(canonical)));
}

/** The key as a member of `.well-known/jwks.json` (RFC 7517 §5). */
export function publicJwk(crypto: CryptoProvider, publicKey: Uint8Array): JsonObject {
  return {
    kty: "OKP",
    crv: "Ed25519",
    x: toBase64Url(publicKey),
    use: "sig",
    alg: "EdDSA",
    kid: keyId(crypto, publicKey),
  };
}
