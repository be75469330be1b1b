/** People of the tests: a root, a device and a revocation key each. */
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import type { SignEs256 } from "../../protocol/crypto/p256.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { RootIdentity } from "../../protocol/human/root-identity.ts";
import { commonName, parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { type CrlFields, makeCrl } from "../../protocol/human/x509/crl.ts";
import { makeCsr } from "../../protocol/human/x509/csr.ts";

export const NOW = 1_800_000_000;
export const HOUR = 3600;

/** Whose root it is: numbers of test keys. */
const ALICE_KEY = 100;
export const BOB_KEY = 101;

export interface TestKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly sign: SignEs256;
}

/** A key of its own for each number from 1 to 255. */
export function testKey(number: number): TestKey {
  const privateKey = new Uint8Array(32).fill(number, 1);
  return {
    privateKey,
    publicKey: crypto.p256PublicKey(privateKey),
    sign: (message) => crypto.p256Sign(privateKey, message),
  };
}

export const csrOf = ({ publicKey, sign }: TestKey, name?: string): Promise<Uint8Array> =>
  makeCsr(publicKey, sign, name);

/** A root that is not derived from words, which would take the interpreter seconds. */
export function lend<T>(use: (root: RootIdentity) => T, person = ALICE_KEY): T {
  const { privateKey, publicKey } = testKey(person);
  const pairwise = new Secret(new Uint8Array(32).fill(person));
  return use(new RootIdentity(crypto, { privateKey, publicKey }, pairwise));
}

export const rootName = commonName("Latchkey human root");

export interface Family {
  readonly rootId: string;
  readonly root: Uint8Array;
  readonly device: Uint8Array;
  readonly revoker: Uint8Array;
  readonly deviceKey: TestKey;
  readonly revokerKey: TestKey;
  /** A list signed by the revocation key; what is not given is a list in force without entries. */
  crl(fields?: Partial<CrlFields>, signer?: TestKey): Promise<Uint8Array>;
}

export async function family(person = ALICE_KEY): Promise<Family> {
  const [deviceKey, revokerKey] = [testKey(1), testKey(2)];
  const [deviceCsr, revokerCsr] = [await csrOf(deviceKey), await csrOf(revokerKey)];
  const validity = { notBefore: NOW - HOUR };
  const made = lend(
    (root) => ({
      rootId: root.id,
      root: root.certificate(),
      device: root.delegateDevice(deviceCsr, "Alice's phone", validity),
      revoker: root.delegateRevocation(revokerCsr, validity),
    }),
    person,
  );
  return {
    ...made,
    deviceKey,
    revokerKey,
    crl: (fields = {}, signer = revokerKey) =>
      makeCrl(
        crypto,
        {
          issuer: parseCertificate(crypto, made.root).subject,
          number: 1,
          thisUpdate: NOW - HOUR,
          nextUpdate: NOW + HOUR,
          revoked: [],
          publicKey: signer.publicKey,
          ...fields,
        },
        signer.sign,
      ),
  };
}
