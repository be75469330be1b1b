import type { HumanCrypto } from "../../protocol/crypto/p256.ts";
import type { Issuer } from "../../protocol/human/credential/issue.ts";
import type { IssuerAnchor } from "../../protocol/human/credential/issuer-trust.ts";
import { didOf } from "../../protocol/human/pairwise-secret.ts";
import {
  type DerivedKey,
  keyFromMaterial,
  SCALAR_MATERIAL_BYTES,
} from "../../protocol/human/scalar.ts";
import { commonName, keyIdOf, makeCertificate } from "../../protocol/human/x509/certificate.ts";
import {
  authorityKeyId,
  basicConstraints,
  KEY_USAGE,
  keyUsage,
  subjectKeyId,
} from "../../protocol/human/x509/extensions.ts";
import { NO_EXPIRY_UNIX } from "../../protocol/human/x509/time.ts";
import type { RegistryKeys } from "./registry-keys.ts";

const CA_NAME = "Latchkey issuer";
const LEAF_NAME = "Latchkey credentials";
/** 2026-01-01, so that the certificates are the same whenever they are made. */
const NOT_BEFORE = 1_767_225_600;

/** Who issues for a tenant, and by what others know it. */
export interface TenantIssuer {
  readonly issuer: Issuer;
  readonly anchor: IssuerAnchor;
  wipe(): void;
}

function certificate(
  human: HumanCrypto,
  { subject, key, by }: { subject: string; key: DerivedKey; by: DerivedKey },
): Uint8Array {
  const isCa = key === by;
  return makeCertificate(
    {
      serial: Uint8Array.of(isCa ? 1 : 2),
      issuer: commonName(CA_NAME),
      subject: commonName(subject),
      ...{ notBefore: NOT_BEFORE, notAfter: NO_EXPIRY_UNIX, publicKey: key.publicKey },
      extensions: [
        basicConstraints(isCa),
        keyUsage(isCa ? KEY_USAGE.certSign : KEY_USAGE.digitalSignature),
        subjectKeyId(keyIdOf(human, key.publicKey)),
        authorityKeyId(keyIdOf(human, by.publicKey)),
      ],
    },
    (message) => human.p256Sign(by.privateKey, message),
  );
}

/**
 * The tenant's own issuer: its keys are derived from the tenant's master key, so that nothing
 * besides that has to be stored or backed up. It is named by a DID, which no change of the
 * server's address changes. Whoever takes it wipes it.
 */
export function tenantIssuer(human: HumanCrypto, keys: RegistryKeys): TenantIssuer {
  const key = (purpose: string): DerivedKey =>
    keyFromMaterial(human, keys.derive(purpose, SCALAR_MATERIAL_BYTES));
  const [ca, leaf] = [key("issuer/ca"), key("issuer/leaf")];
  const id = didOf(human, ca.publicKey);
  const top = certificate(human, { subject: CA_NAME, key: ca, by: ca });
  const chain = [certificate(human, { subject: LEAF_NAME, key: leaf, by: ca })];
  ca.privateKey.fill(0);
  return {
    issuer: { id, chain, sign: (message) => human.p256Sign(leaf.privateKey, message) },
    anchor: { issuer: id, certificate: top },
    wipe: () => leaf.privateKey.fill(0),
  };
}
