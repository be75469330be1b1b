/**
 * Stands where the SDK has its module `ssl/cert`: who is trusted is decided by `tls-trust.ts`. The
 * SDK's own would trust every public authority beside the pinned ones, and looks at no basic
 * constraints. Its way to check one signature is used as it is.
 */
import SdkCertificates from "latchkey/sdk-certificates";
import X509 from "x509";

export default class Certificates {
  #judge;
  #proved;
  #peer;

  constructor({ judge, proved }) {
    this.#judge = judge;
    this.#proved = proved;
  }

  verify(chain) {
    return this.#judge(chain.map((one) => new Uint8Array(one)));
  }

  /** The handshake calls this for the server's certificate once it was verified. */
  register(certificate) {
    this.#peer = certificate;
  }

  /**
   * The public key of the server, for the signature of the key exchange. The SDK 8.2.3 goes on
   * when that names an unknown hash or no algorithm, without looking at it: anybody could show the
   * server's certificate. So the curve tells when a signature was in fact computed with it; the
   * SDK throws by itself when it is wrong. With RSA nothing could tell.
   */
  getKey() {
    const { curve, ...key } = X509.decode(this.#peer).spki;
    if (curve === undefined) throw new Error("the server's key is not on P-256");
    const { ec, ...rest } = curve;
    const mul2 = (...points) => {
      this.#proved();
      return ec.mul2(...points);
    };
    return { ...key, curve: { ...rest, ec: { mul2 } } };
  }

  /** A node has no certificate of its own. */
  findPreferredCert() {
    return [];
  }
}

export function isSignedBy(certificate, issuer) {
  const [one, by] = [X509.decode(certificate), X509.decodeSPKI(issuer)];
  return new SdkCertificates({})._verify(by, one);
}
