import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { parseRoot } from "../../protocol/human/device.ts";
import { reduceToScalar, SCALAR_MATERIAL_BYTES } from "../../protocol/human/scalar.ts";
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
import { accountChange, changePerson, isRevoked, type RegistryContext } from "./person.ts";
import { withRows } from "./registry-rows.ts";
import { withList } from "./revocation-list.ts";

/**
 * The request that a new person's root answers: for a revocation key that is born here. Asking
 * again gives the same. @throws conflict once the root has answered; tenant-unknown
 */
export function beginEnrolment(
  context: RegistryContext,
  tenantId: string,
  rootId: string,
): Promise<Uint8Array> {
  const { human, random } = context;
  return withRows(context, tenantId, (rows) =>
    rows.change(rootId, async (known) => {
      if (known?.enrolment !== undefined) throw new LatchkeyError("conflict");
      const revocationKey =
        known?.revocationKey ?? reduceToScalar(random.bytes(SCALAR_MATERIAL_BYTES));
      const nobody = { revoked: [], generation: 0, devices: [], identifiers: [] };
      const account = known ?? { rootId, revocationKey, ...nobody };
      const publicKey = human.p256PublicKey(revocationKey);
      const result = await makeCsr(publicKey, (text) => human.p256Sign(revocationKey, text));
      return accountChange(context, rows, account, { kind: "human-enrolment-begun", result });
    }),
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

/**
 * Keeps the root and what it delegated: revocation, once, so that the words stay in the drawer.
 * Gives the root's identifier.
 * @throws conflict, human-unknown, certificate-invalid, certificate-untrusted, certificate-expired
 */
export async function finishEnrolment(
  context: RegistryContext,
  tenantId: string,
  { root: der, revoker }: { readonly root: Uint8Array; readonly revoker: Uint8Array },
): Promise<string> {
  const { human } = context;
  const rootId = fingerprint(human, parseCertificate(human, der).publicKey);
  const root = parseRoot(human, der, rootId);
  const { publicKey } = delegated(context, root, revoker, KEY_USAGE.crlSign);
  await withRows(context, tenantId, (rows) =>
    rows.change(rootId, async (known) => {
      if (known === undefined) throw new LatchkeyError("human-unknown");
      if (known.enrolment !== undefined) throw new LatchkeyError("conflict");
      if (!equalBytes(publicKey, human.p256PublicKey(known.revocationKey)))
        throw new LatchkeyError("certificate-untrusted");
      const none = { crl: new Uint8Array(1), crlNumber: 0, crlAt: 0 };
      const enrolment = { root: der, revoker, ...none };
      const account = await withList(context, { ...known, enrolment });
      return accountChange(context, rows, account, { kind: "human-enrolled", result: undefined });
    }),
  );
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
