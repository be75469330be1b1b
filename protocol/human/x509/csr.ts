import type { HumanVerifier, SignEs256 } from "../../crypto/p256.ts";
import { LatchkeyError } from "../../errors.ts";
import { CERTIFICATE_MAX, commonName, openSigned, signed } from "./certificate.ts";
import { element, explicit, sequence, TAG } from "./der.ts";
import { DerReader } from "./der-reader.ts";
import { readSpki, writeSpki } from "./public-key.ts";

/** A name that says nothing: whoever signs the request decides what the certificate says. */
const SUBJECT = "Latchkey device";

/** A PKCS #10 request (RFC 2986) that proves possession of the key. `sign` is the key's own. */
export async function makeCsr(publicKey: Uint8Array, sign: SignEs256): Promise<Uint8Array> {
  const info = sequence(
    element(TAG.integer, Uint8Array.of(0)),
    commonName(SUBJECT),
    writeSpki(publicKey),
    element(explicit(0)),
  );
  return signed(info, await sign(info));
}

/**
 * The public key of a request whose sender has the private one. Nothing else of it counts: the
 * name and the extensions that it asks for are never copied into a certificate.
 * @throws csr-invalid
 */
export function readCsr(crypto: HumanVerifier, der: Uint8Array): Uint8Array {
  if (der.length > CERTIFICATE_MAX) throw new LatchkeyError("csr-invalid");
  const reader = new DerReader(der, "csr-invalid");
  const { toBeSigned, signature } = openSigned(reader);
  const info = reader.of(toBeSigned).inside();
  if (info.small() !== 0) throw reader.fail("not version 1 of PKCS #10");
  info.whole(TAG.sequence);
  const publicKey = readSpki(crypto, info);
  info.whole(explicit(0));
  info.end();
  if (!crypto.p256Verify(publicKey, toBeSigned, signature))
    throw new LatchkeyError("csr-invalid", {
      message: "The request does not prove that its sender has the key.",
    });
  return publicKey;
}
