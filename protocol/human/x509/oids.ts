/** Object identifiers as the hexadecimal of their content bytes. */
export const OID = Object.freeze({
  /** id-ecPublicKey 1.2.840.10045.2.1 (RFC 5480 §2.1.1) */
  ecPublicKey: "2a8648ce3d0201",
  /** secp256r1 1.2.840.10045.3.1.7 */
  p256: "2a8648ce3d030107",
  /** ecdsa-with-SHA256 1.2.840.10045.4.3.2 (RFC 5758 §3.2); parameters must be absent */
  ecdsaSha256: "2a8648ce3d040302",
  /** id-at-commonName 2.5.4.3 */
  commonName: "550403",
  /** id-ce-… 2.5.29.x (RFC 5280 §4.2.1) */
  subjectKeyIdentifier: "551d0e",
  keyUsage: "551d0f",
  basicConstraints: "551d13",
  crlNumber: "551d14",
  reasonCode: "551d15",
  nameConstraints: "551d1e",
  authorityKeyIdentifier: "551d23",
});
