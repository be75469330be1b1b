import type { HumanVerifier, SignEs256 } from "../../crypto/p256.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import { LatchkeyError } from "../../errors.ts";
import { CERTIFICATE_MAX, commonName, openSigned, signed } from "./certificate.ts";
import { element, explicit, sequence, TAG } from "./der.ts";
import { DerReader } from "./der-reader.ts";
import { readSpki, writeSpki } from "./public-key.ts";

/** A name that says nothing: whoever signs the request decides what the certificate says. */
export const DEVICE_REQUEST = "Latchkey device";

/**
 * A PKCS #10 request (RFC 2986) that proves possession of the key. `sign` is the key's own.
 * @param name who asks, where that matters (`readCsrOf`)
 */
export async function makeCsr(
  publicKey: Uint8Array,
  sign: SignEs256,
  name = DEVICE_REQUEST,
): Promise<Uint8Array> {
  const info = sequence(
    element(TAG.integer, Uint8Array.of(0)),
    commonName(name),
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
  return openCsr(crypto, der).publicKey;
}

/**
 * The public key of a request that bears `name`, which only the sender can have put there: one who
 * passes on somebody else's request does not get it signed as his own.
 * @throws csr-invalid
 */
export function readCsrOf(crypto: HumanVerifier, der: Uint8Array, name: string): Uint8Array {
  const { publicKey, subject } = openCsr(crypto, der);
  if (!equalBytes(subject, commonName(name)))
    throw new LatchkeyError("csr-invalid", {
      message: "The request was made in another name than that of whoever sent it.",
    });
  return publicKey;
}

function openCsr(crypto: HumanVerifier, der: Uint8Array) {
  if (der.length > CERTIFICATE_MAX) throw new LatchkeyError("csr-invalid");
  const reader = new DerReader(der, "csr-invalid");
  const { toBeSigned, signature } = openSigned(reader);
  const info = reader.of(toBeSigned).inside();
  if (info.small() !== 0) throw reader.fail("not version 1 of PKCS #10");
  const subject = info.whole(TAG.sequence);
  const publicKey = readSpki(crypto, info);
  info.whole(explicit(0));
  info.end();
  if (!crypto.p256Verify(publicKey, toBeSigned, signature))
    throw new LatchkeyError("csr-invalid", {
      message: "The request does not prove that its sender has the key.",
    });
  return { publicKey, subject };
}
