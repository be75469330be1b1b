import { ecdsa, weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromHex } from "../encoding/hex.ts";

/** NXP's public key for NTAG 424 DNA (AN12196 r1.8 §8.2), an uncompressed point. */
const NXP_PUBLIC_KEY =
  "048a9b380af2ee1b98dc417fecc263f8449c7625cece82d9b916c992da209d68" +
  "422b81ec20b65a66b5102a61596af3379200599316a00a1410";

const SIGNATURE_LENGTH = 56;
const UID_LENGTH = 7;

/** secp224r1 (SEC 2 §2.6.1, FIPS 186-4 P-224). Built when asked for: few ever need it. */
function secp224r1() {
  const point = weierstrass({
    p: BigInt("0xffffffffffffffffffffffffffffffff000000000000000000000001"),
    n: BigInt("0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d"),
    h: BigInt(1),
    a: BigInt("0xfffffffffffffffffffffffffffffffefffffffffffffffffffffffe"),
    b: BigInt("0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4"),
    Gx: BigInt("0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21"),
    Gy: BigInt("0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34"),
  });
  // The hash is a formality of the library: nothing is hashed here (prehash: false below).
  return ecdsa(point, sha256);
}

/**
 * Whether NXP signed this UID (NT4H2421Gx §10.10.1, AN12196 §8): ECDSA on secp224r1 in which the
 * UID itself is the number z, without a hash; signature r ‖ s, 56 bytes.
 *
 * It shows that a chip with this UID left NXP's factory, not that this is the chip: the signature
 * is free to read and to copy. Only an authentication tells a chip from its copy.
 */
export function verifyOriginality(
  uid: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array = fromHex(NXP_PUBLIC_KEY),
): boolean {
  if (uid.length !== UID_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
  try {
    return secp224r1().verify(signature, uid, publicKey, { prehash: false, lowS: false });
  } catch {
    return false; // r or s out of range, a point off the curve: no signature of anybody's
  }
}
