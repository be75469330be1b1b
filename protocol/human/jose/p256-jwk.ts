import type { HumanVerifier } from "../../crypto/p256.ts";
import { toBase64Url } from "../../encoding/base64.ts";
import { concat } from "../../encoding/bytes.ts";
import { toUtf8 } from "../../encoding/utf8.ts";
import { malformed } from "../../errors.ts";
import type { JsonObject, JsonReader } from "../../json/reader.ts";

/** RFC 7638 thumbprint of a P-256 public key (65 bytes), base64url. */
export function p256Thumbprint(
  crypto: Pick<HumanVerifier, "sha256">,
  publicKey: Uint8Array,
): string {
  const { crv, kty, x, y } = p256Jwk(publicKey);
  // Members in lexicographic order without white space (§3.2).
  return toBase64Url(crypto.sha256(toUtf8(JSON.stringify({ crv, kty, x, y }))));
}

/** The public key as JWK (RFC 7518 §6.2.1). */
export function p256Jwk(publicKey: Uint8Array): JsonObject {
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)];
  return { kty: "EC", crv: "P-256", x: toBase64Url(x), y: toBase64Url(y) };
}

/**
 * A public key of P-256, 65 bytes. A JWK with a private part is refused: whoever sends one has
 * made a mistake that should not travel on.
 * @throws malformed
 */
export function parseP256Jwk(crypto: HumanVerifier, jwk: JsonReader): Uint8Array {
  jwk.oneOf("kty", ["EC"]);
  jwk.oneOf("crv", ["P-256"]);
  if (jwk.has("d")) throw malformed("d", "a private key");
  if (jwk.has("use")) jwk.oneOf("use", ["sig"]);
  if (jwk.has("key_ops") && !jwk.array("key_ops", { max: 8 }).includes("verify"))
    throw malformed("key_ops", "not for verifying");
  const publicKey = concat(Uint8Array.of(4), jwk.bytes("x", 32), jwk.bytes("y", 32));
  if (!crypto.p256IsPublicKey(publicKey)) throw malformed("x", "not a point of P-256");
  return publicKey;
}
