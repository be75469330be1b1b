import type { HumanCrypto } from "../../protocol/crypto/p256.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
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
import { type IssuerBook, keySerial } from "./issuer-book.ts";
import type { RegistryKeys } from "./registry-keys.ts";

const CA_NAME = "Latchkey issuer";
const LEAF_NAME = "Latchkey credentials";
/** 2026-01-01, so that the certificate is the same whenever it is made. */
const NOT_BEFORE = 1_767_225_600;
const DAY_SECONDS = 86_400;

/** Who issues for a tenant, and by what others know it. */
export interface TenantIssuer {
  readonly issuer: Issuer;
  readonly anchor: IssuerAnchor;
  wipe(): void;
}

interface Order {
  readonly serial: Uint8Array;
  readonly subject: string;
  readonly notBefore: number;
  readonly key: DerivedKey;
  readonly by: DerivedKey;
}

function certificate(
  human: HumanCrypto,
  { serial, subject, notBefore, key, by }: Order,
): Uint8Array {
  const isCa = key === by;
  return makeCertificate(
    {
      serial,
      issuer: commonName(CA_NAME),
      subject: commonName(subject),
      ...{ notBefore, notAfter: NO_EXPIRY_UNIX, publicKey: key.publicKey },
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
 * besides that has to be stored or backed up. It is named by a DID, the key's at the top, which
 * neither another key to sign with nor another address of the server changes. Whoever takes it
 * wipes it.
 */
export function tenantIssuer(
  human: HumanCrypto,
  keys: RegistryKeys,
  { keys: numbered }: Pick<IssuerBook, "keys">,
): TenantIssuer {
  const key = (purpose: string): DerivedKey =>
    keyFromMaterial(human, keys.derive(purpose, SCALAR_MATERIAL_BYTES));
  const now = numbered.at(-1)!;
  const { number, addedAt } = now;
  const [ca, leaf] = [key("issuer/ca"), key(`issuer/leaf${number === 1 ? "" : `/${number}`}`)];
  const id = didOf(human, ca.publicKey);
  const self = { serial: Uint8Array.of(1), subject: CA_NAME, notBefore: NOT_BEFORE };
  const top = certificate(human, { ...self, key: ca, by: ca });
  const own = { serial: keySerial(now), subject: LEAF_NAME, key: leaf, by: ca };
  const notBefore = addedAt - (addedAt % DAY_SECONDS);
  const chain = [certificate(human, { ...own, notBefore })];
  ca.privateKey.fill(0);
  const gone = numbered.filter(({ withdrawnAt }) => withdrawnAt !== undefined);
  const withdrawn = gone.map((one) => toHex(keySerial(one)));
  return {
    issuer: { id, chain, sign: (message) => human.p256Sign(leaf.privateKey, message) },
    anchor: { issuer: id, certificate: top, withdrawn },
    wipe: () => leaf.privateKey.fill(0),
  };
}
