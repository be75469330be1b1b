import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { parseRoot } from "../../protocol/human/device.ts";
import {
  type DerivedKey,
  keyFromMaterial,
  SCALAR_MATERIAL_BYTES,
} from "../../protocol/human/scalar.ts";
import {
  type Certificate,
  fingerprint,
  parseCertificate,
} from "../../protocol/human/x509/certificate.ts";
import { makeCsr } from "../../protocol/human/x509/csr.ts";
import { KEY_USAGE } from "../../protocol/human/x509/extensions.ts";
import { validatePath } from "../../protocol/human/x509/path.ts";
import { unixSeconds } from "../wall-clock.ts";
import { DEVICES_MAX } from "./account.ts";
import { openInvitation, useInvitation } from "./invitation.ts";
import { accountChange, changePerson, isRevoked, type RegistryContext } from "./person.ts";
import { withRegistryKeys } from "./registry-keys.ts";
import { withRows } from "./registry-rows.ts";
import { withList } from "./revocation-list.ts";

/** Lends the revocation key of an invitation: born here, and derived, so that none is kept. */
async function withRevocationKey<T>(
  context: RegistryContext,
  tenantId: string,
  token: string,
  use: (key: DerivedKey) => Promise<T> | T,
): Promise<T> {
  const id = await openInvitation(context, tenantId, token);
  const material = await withRegistryKeys(context, tenantId, async (keys) =>
    keys.derive(`enrolment/${id}`, SCALAR_MATERIAL_BYTES),
  );
  const key = keyFromMaterial(context.human, material);
  try {
    return await use(key);
  } finally {
    key.privateKey.fill(0);
  }
}

/**
 * The request that a new person's root answers: for a revocation key. Whose root it will be is not
 * asked, so nobody learns from it who is known here. It names the tenant, so that another registry
 * cannot have it signed for itself. Asking again gives the same.
 * @throws invitation-invalid
 */
export function beginEnrolment(
  context: RegistryContext,
  tenantId: string,
  token: string,
): Promise<Uint8Array> {
  const { human } = context;
  return withRevocationKey(context, tenantId, token, ({ privateKey, publicKey }) =>
    makeCsr(publicKey, (text) => human.p256Sign(privateKey, text), tenantId),
  );
}

/** @throws certificate-invalid, certificate-untrusted, certificate-expired */
function delegated(
  { human, clock }: RegistryContext,
  root: Certificate,
  der: Uint8Array,
  usage: number,
): Certificate {
  const certificate = parseCertificate(human, der);
  validatePath(human, [certificate], { anchors: [root], nowUnix: unixSeconds(clock), usage });
  return certificate;
}

export interface EnrolmentAnswer {
  readonly token: string;
  /** DER of the root's certificate. */
  readonly root: Uint8Array;
  /** DER of what it delegated to the key of the request. */
  readonly revoker: Uint8Array;
}

/**
 * Keeps the root and what it delegated: revocation, once, so that the words stay in the drawer.
 * That the root's owner is here is proved by the delegation, because its key was new. Uses the
 * invitation up, once all is well. Gives the root's identifier.
 * @throws conflict for a root that is enrolled, which only its owner hears; invitation-invalid,
 *   certificate-invalid, certificate-untrusted, certificate-expired, tenant-unknown
 */
export async function finishEnrolment(
  context: RegistryContext,
  tenantId: string,
  { token, root: der, revoker }: EnrolmentAnswer,
): Promise<string> {
  const { human } = context;
  const rootId = fingerprint(human, parseCertificate(human, der).publicKey);
  const root = parseRoot(human, der, rootId);
  const { publicKey } = delegated(context, root, revoker, KEY_USAGE.crlSign);
  const revocationKey = await withRevocationKey(context, tenantId, token, (key) => {
    if (!equalBytes(publicKey, key.publicKey)) throw new LatchkeyError("certificate-untrusted");
    return key.privateKey.slice();
  });
  await withRows(context, tenantId, async (rows) => {
    if ((await rows.account(rootId))?.enrolment !== undefined) throw new LatchkeyError("conflict");
    await useInvitation(context, tenantId, token);
    await rows.change(rootId, async (known) => {
      if (known?.enrolment !== undefined) throw new LatchkeyError("conflict");
      const none = { crl: new Uint8Array(1), crlNumber: 0, crlAt: 0 };
      const nobody = { revoked: [], generation: 0, devices: [], identifiers: [] };
      const enrolment = { root: der, revoker, ...none };
      const account = await withList(context, { ...nobody, rootId, revocationKey, enrolment });
      return accountChange(context, rows, account, { kind: "human-enrolled", result: undefined });
    });
  });
  revocationKey.fill(0);
  return rootId;
}

/**
 * Adds a device that the root delegated to; gives its serial number.
 * @throws certificate-revoked, human-unknown, registry-full and as `finishEnrolment`
 */
export function addDevice(
  context: RegistryContext,
  tenantId: string,
  rootId: string,
  certificate: Uint8Array,
): Promise<string> {
  return changePerson(context, tenantId, rootId, (person, rows) => {
    const root = parseRoot(context.human, person.enrolment.root, rootId);
    const device = delegated(context, root, certificate, KEY_USAGE.digitalSignature);
    const serial = toHex(device.serial);
    if (isRevoked(person, serial)) throw new LatchkeyError("certificate-revoked");
    const others = person.devices.filter((one) => one.serial !== serial);
    if (others.length + person.revoked.length >= DEVICES_MAX)
      throw new LatchkeyError("registry-full");
    const account = { ...person, devices: [...others, { serial, certificate }] };
    const what = { kind: "human-device-added", result: serial };
    return accountChange(context, rows, account, what);
  });
}
