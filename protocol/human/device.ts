import type { HumanVerifier } from "../crypto/p256.ts";
import { toHex } from "../encoding/hex.ts";
import { LatchkeyError } from "../errors.ts";
import {
  type Certificate,
  fingerprint,
  isSelfIssued,
  parseCertificate,
} from "./x509/certificate.ts";
import { readCrl } from "./x509/crl.ts";
import { KEY_USAGE } from "./x509/extensions.ts";
import { validatePath } from "./x509/path.ts";

/** A root certificate, pinned by the identifier under which the person is known. */
export function parseRoot(crypto: HumanVerifier, der: Uint8Array, rootId: string): Certificate {
  const root = parseCertificate(crypto, der);
  const genuine =
    fingerprint(crypto, root.publicKey) === rootId &&
    isSelfIssued(root) &&
    crypto.p256Verify(root.publicKey, root.toBeSigned, root.signature);
  if (!genuine) throw new LatchkeyError("certificate-untrusted");
  return root;
}

export interface DeviceEvidence {
  /** From `parseRoot`. */
  readonly root: Certificate;
  /** DER of the device's certificate. */
  readonly device: Uint8Array;
  /** DER of the certificate of the revocation key. */
  readonly revoker: Uint8Array;
  /** DER of the newest list. */
  readonly crl: Uint8Array;
  /** The newest list's number that was ever seen: an older one is a rollback. */
  readonly crlNumberMin?: number;
  readonly nowUnix: number;
}

/**
 * The certificate of a device that its root delegated to and that is not revoked. Without a list
 * in force there is no answer: whoever can hold the list back must not keep a thief's device alive.
 * @throws certificate-invalid, certificate-untrusted, certificate-expired, certificate-revoked,
 *   crl-invalid, crl-stale
 */
export function checkDevice(crypto: HumanVerifier, evidence: DeviceEvidence): Certificate {
  const { root, nowUnix, crlNumberMin = 0 } = evidence;
  const device = parseCertificate(crypto, evidence.device);
  const path = { anchors: [root], nowUnix };
  validatePath(crypto, [device], { ...path, usage: KEY_USAGE.digitalSignature });
  const revoker = parseCertificate(crypto, evidence.revoker);
  validatePath(crypto, [revoker], { ...path, usage: KEY_USAGE.crlSign });
  const crl = readCrl(crypto, evidence.crl, revoker, nowUnix);
  if (crl.number < crlNumberMin) throw new LatchkeyError("crl-stale");
  if (crl.serials.includes(toHex(device.serial))) throw new LatchkeyError("certificate-revoked");
  return device;
}
