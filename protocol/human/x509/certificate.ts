import type { HumanVerifier } from "../../crypto/p256.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import { toHex } from "../../encoding/hex.ts";
import { toUtf8 } from "../../encoding/utf8.ts";
import { LatchkeyError } from "../../errors.ts";
import { element, explicit, oid, sequence, TAG, unsignedInteger } from "./der.ts";
import { DerReader } from "./der-reader.ts";
import { type Extensions, readExtensions } from "./extensions.ts";
import { OID } from "./oids.ts";
import {
  ecdsaSha256,
  readEcdsaSha256,
  readSignature,
  readSpki,
  writeSignature,
  writeSpki,
} from "./public-key.ts";
import { readTime, writeTime } from "./time.ts";

/** Longest certificate that is read, in bytes. Ours have about 400. */
export const CERTIFICATE_MAX = 8192;

/** An X.509 v3 certificate of a P-256 key, signed with ES256 (RFC 5280). */
export interface Certificate extends Extensions {
  /** As it came, or was made. */
  readonly der: Uint8Array;
  /** What the issuer signed. */
  readonly toBeSigned: Uint8Array;
  /** Big-endian without a sign byte, at most 20 bytes. */
  readonly serial: Uint8Array;
  /** Names as DER: compared byte by byte, which is stricter than §7.1 asks. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Unix seconds, both inclusive (§4.1.2.5). */
  readonly notBefore: number;
  readonly notAfter: number;
  /** 65 bytes. */
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

export interface CertificateFields {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: Uint8Array;
  /** As DER, in order. */
  readonly extensions: readonly Uint8Array[];
}

/** A Name of one common name (§4.1.2.4). */
export function commonName(text: string): Uint8Array {
  const attribute = sequence(oid(OID.commonName), element(TAG.utf8String, toUtf8(text)));
  return sequence(element(TAG.set, attribute));
}

/** Method 1 of RFC 7093 §2: the leftmost 160 bits of SHA-256 over the key's bits. */
export function keyIdOf(crypto: HumanVerifier, publicKey: Uint8Array): Uint8Array {
  return crypto.sha256(publicKey).slice(0, 20);
}

/** SHA-256 of the public key as SubjectPublicKeyInfo, 64 hexadecimal digits. */
export function fingerprint(crypto: HumanVerifier, publicKey: Uint8Array): string {
  return toHex(crypto.sha256(writeSpki(publicKey)));
}

/** `toBeSigned` with algorithm and signature: certificates, requests and lists end alike. */
export function signed(toBeSigned: Uint8Array, signature: Uint8Array): Uint8Array {
  return sequence(toBeSigned, ecdsaSha256(), writeSignature(signature));
}

/** Makes a certificate. `sign` is the issuer's. */
export function makeCertificate(
  fields: CertificateFields,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const toBeSigned = sequence(
    element(explicit(0), element(TAG.integer, Uint8Array.of(2))), // v3
    unsignedInteger(fields.serial),
    ecdsaSha256(),
    fields.issuer,
    sequence(writeTime(fields.notBefore), writeTime(fields.notAfter)),
    fields.subject,
    writeSpki(fields.publicKey),
    element(explicit(3), sequence(...fields.extensions)),
  );
  return signed(toBeSigned, sign(toBeSigned));
}

/** Reads the outer SEQUENCE of something signed: what was signed, and the signature. */
export function openSigned(reader: DerReader): {
  readonly toBeSigned: Uint8Array;
  readonly signature: Uint8Array;
} {
  const outer = reader.inside();
  reader.end();
  const toBeSigned = outer.whole(TAG.sequence);
  readEcdsaSha256(outer);
  const signature = readSignature(outer);
  outer.end();
  return { toBeSigned, signature };
}

/**
 * Reads a certificate; its signature is path validation's to check.
 * @throws certificate-invalid: not DER, not v3, another algorithm or curve, an unknown critical
 *   extension
 */
export function parseCertificate(crypto: HumanVerifier, der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_MAX) throw new LatchkeyError("certificate-invalid");
  const reader = new DerReader(der, "certificate-invalid");
  const { toBeSigned, signature } = openSigned(reader);
  const body = reader.of(toBeSigned).inside();
  const version = body.inside(explicit(0));
  if (version.small() !== 2) throw reader.fail("not X.509 v3");
  version.end();
  const serial = body.unsigned();
  if (serial.length > 20 || serial.every((byte) => byte === 0))
    throw reader.fail("a serial number");
  readEcdsaSha256(body); // must be the same inside and outside (§4.1.1.2)
  const issuer = body.whole(TAG.sequence);
  const validity = body.inside();
  const [notBefore, notAfter] = [readTime(validity), readTime(validity)];
  validity.end();
  const subject = body.whole(TAG.sequence);
  const publicKey = readSpki(crypto, body);
  const wrapper = body.inside(explicit(3));
  const extensions = readExtensions(wrapper);
  wrapper.end();
  body.end();
  const names = { serial, issuer, subject, notBefore, notAfter };
  return { der, toBeSigned, ...names, publicKey, signature, ...extensions };
}

/** Whether a certificate names itself as its issuer. */
export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return equalBytes(issuer, subject);
}
