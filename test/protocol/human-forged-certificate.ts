import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import {
  type CertificateFields,
  commonName,
  makeCertificate,
} from "../../protocol/human/x509/certificate.ts";
import { basicConstraints, KEY_USAGE, keyUsage } from "../../protocol/human/x509/extensions.ts";
import { HOUR, NOW, rootName, type TestKey, testKey } from "./human-family.ts";

/** A certificate of anything, signed by anyone. */
export function forge(signer: TestKey, fields: Partial<CertificateFields>): Uint8Array {
  const full: CertificateFields = {
    serial: Uint8Array.of(5),
    issuer: rootName,
    subject: commonName("x"),
    notBefore: NOW - HOUR,
    notAfter: NOW + HOUR,
    publicKey: testKey(9).publicKey,
    extensions: [basicConstraints(false), keyUsage(KEY_USAGE.digitalSignature)],
    ...fields,
  };
  return makeCertificate(full, (message) => crypto.p256Sign(signer.privateKey, message));
}
