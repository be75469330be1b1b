import { type HumanVerifier, P256_SIGNATURE_BYTES } from "../../crypto/p256.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import { bitString, oid, sequence, TAG, unsignedInteger } from "./der.ts";
import type { DerReader } from "./der-reader.ts";
import { OID } from "./oids.ts";

/** AlgorithmIdentifier of every signature here; ECDSA has no parameters (RFC 5758 §3.2). */
export const ecdsaSha256 = (): Uint8Array => sequence(oid(OID.ecdsaSha256));

const algorithmOfKey = (): Uint8Array => sequence(oid(OID.ecPublicKey), oid(OID.p256));

/** SubjectPublicKeyInfo of an uncompressed point (RFC 5480 §2). */
export function writeSpki(publicKey: Uint8Array): Uint8Array {
  return sequence(algorithmOfKey(), bitString(publicKey));
}

/** The point of a SubjectPublicKeyInfo; no curve but P-256, no compressed points. */
export function readSpki(crypto: HumanVerifier, reader: DerReader): Uint8Array {
  const spki = reader.inside();
  if (!equalBytes(spki.whole(TAG.sequence), algorithmOfKey())) throw reader.fail("not P-256");
  const point = spki.bits();
  spki.end();
  if (!crypto.p256IsPublicKey(point)) throw reader.fail("a point that is not on P-256");
  return point;
}

/** Reads an AlgorithmIdentifier, which must be ecdsa-with-SHA256. */
export function readEcdsaSha256(reader: DerReader): void {
  if (!equalBytes(reader.whole(TAG.sequence), ecdsaSha256()))
    throw reader.fail("a signature that is not ecdsa-with-SHA256");
}

/** r ‖ s as BIT STRING of ECDSA-Sig-Value (RFC 3279 §2.2.3). */
export function writeSignature(signature: Uint8Array): Uint8Array {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  return bitString(sequence(unsignedInteger(r), unsignedInteger(s)));
}

/** The inverse; a number of more than 32 bytes is refused. */
export function readSignature(reader: DerReader): Uint8Array {
  const outer = reader.of(reader.bits());
  const value = outer.inside();
  const out = new Uint8Array(P256_SIGNATURE_BYTES);
  for (const end of [32, 64]) {
    const digits = value.unsigned();
    if (digits.length > 32) throw reader.fail("a signature that is too long");
    out.set(digits, end - digits.length);
  }
  value.end();
  outer.end();
  return out;
}
