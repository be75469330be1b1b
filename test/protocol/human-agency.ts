/** An agency that issues credentials under an anchor, and a visitor who holds them. */
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import {
  type CredentialInput,
  type Issuer,
  issueCredential,
} from "../../protocol/human/credential/issue.ts";
import { type IssuerAnchor, IssuerTrust } from "../../protocol/human/credential/issuer-trust.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import {
  type CredentialExpected,
  verifyCredential,
} from "../../protocol/human/credential/verify.ts";
import { bindKey } from "../../protocol/human/sd-jwt/key-binding.ts";
import { type ClaimQuery, selectDisclosures } from "../../protocol/human/sd-jwt/present.ts";
import { commonName, keyIdOf, makeCertificate } from "../../protocol/human/x509/certificate.ts";
import {
  authorityKeyId,
  basicConstraints,
  KEY_USAGE,
  keyUsage,
  subjectKeyId,
} from "../../protocol/human/x509/extensions.ts";
import { HOUR, NOW, type TestKey, testKey } from "./human-family.ts";
import { AUDIENCE, countingRandom, holder, NONCE } from "./human-issuer.ts";

export interface Agency {
  readonly issuer: Issuer;
  readonly anchor: IssuerAnchor;
  readonly key: TestKey;
}

/** A certificate of a name for a key, signed by another. */
export function certify(
  name: string,
  key: TestKey,
  by: { name: string; key: TestKey },
  isCa = false,
) {
  return makeCertificate(
    {
      serial: Uint8Array.of(7),
      issuer: commonName(by.name),
      subject: commonName(name),
      notBefore: NOW - HOUR,
      notAfter: NOW + 400 * 24 * HOUR,
      publicKey: key.publicKey,
      extensions: [
        basicConstraints(isCa),
        keyUsage(isCa ? KEY_USAGE.certSign : KEY_USAGE.digitalSignature),
        subjectKeyId(keyIdOf(crypto, key.publicKey)),
        authorityKeyId(keyIdOf(crypto, by.key.publicKey)),
      ],
    },
    (message) => crypto.p256Sign(by.key.privateKey, message),
  );
}

/** An agency with keys of its own: `number` and the one after it. */
export function agency(id: string, number: number): Agency {
  const [top, key] = [testKey(number), testKey(number + 1)];
  const by = { name: `${id} root`, key: top };
  return {
    issuer: { id, chain: [certify(id, key, by)], sign: key.sign },
    anchor: { issuer: id, certificate: certify(by.name, top, by, true) },
    key,
  };
}

export const contoso = agency("https://contoso.example", 40);
export const mallory = agency("https://mallory.example", 50);
export const random = countingRandom();

export const EMPLOYMENT = { employer: "Contoso", role: "engineer", employed_since: "2020-02-01" };

export function issue(
  input: Partial<CredentialInput> = {},
  issuer: Issuer = contoso.issuer,
): Promise<string> {
  return issueCredential({ crypto, random }, issuer, {
    type: CREDENTIAL_TYPES.employment,
    persona: "work",
    claims: EMPLOYMENT,
    holderKey: holder.publicKey,
    nowUnix: NOW,
    lifetimeDays: 30,
    ...input,
  });
}

export async function present(
  sdJwt: string,
  queries: readonly ClaimQuery[] = [],
  { sign }: TestKey = holder,
): Promise<string> {
  const input = { audience: AUDIENCE, nonce: NONCE, nowUnix: NOW, sign };
  return bindKey(crypto, selectDisclosures(crypto, sdJwt, queries), input);
}

export const trustOf = (...anchors: IssuerAnchor[]): IssuerTrust =>
  new IssuerTrust(crypto, anchors);

export function check(presentation: string, changes: Partial<CredentialExpected> = {}) {
  return verifyCredential(crypto, presentation, {
    trust: trustOf(contoso.anchor),
    types: [CREDENTIAL_TYPES.employment.vct],
    keyBinding: { audience: AUDIENCE, nonce: NONCE },
    nowUnix: NOW,
    ...changes,
  });
}
