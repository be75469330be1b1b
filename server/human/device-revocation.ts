import { LatchkeyError } from "../../protocol/errors.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { REASON } from "../../protocol/human/x509/crl.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { HumanAccount, HumanIdentifier } from "./account.ts";
import { accountChange, changePerson, liveDevice, type RegistryContext } from "./person.ts";
import type { RegistryRows } from "./registry-rows.ts";
import { withList } from "./revocation-list.ts";

export interface Revocation {
  /** What the person's identifiers are to be derived with from now on. */
  readonly generation: number;
  /** Identifiers that lost a key, and credentials that were revoked with it. */
  readonly identifiers: number;
  readonly credentials: number;
}

/** Why a device goes, and who says so; the latter stays in the audit log. */
export interface RevocationOrder {
  readonly serial: string;
  readonly lost: boolean;
  readonly by: string;
}

/** The account's identifiers that have keys of a device. */
async function identifiersOf(
  rows: RegistryRows,
  { identifiers }: HumanAccount,
  serial: string,
): Promise<HumanIdentifier[]> {
  const found: HumanIdentifier[] = [];
  for (const did of identifiers) {
    const identifier = await rows.identifier(did);
    if (identifier?.keys.some((key) => key.serial === serial)) found.push(identifier);
  }
  return found;
}

/**
 * Revokes a device without the words: its certificate by a new list, its keys in every DID
 * document, and the credentials that are bound to them, all at once. When it was stolen, whoever
 * has it may know the pairwise secret, so the identifiers' generation is raised.
 * @throws human-unknown, device-unknown, tenant-unknown
 */
export function revokeDevice(
  context: RegistryContext,
  tenantId: string,
  rootId: string,
  { serial, lost, by }: RevocationOrder,
): Promise<Revocation> {
  const at = unixSeconds(context.clock);
  return changePerson(context, tenantId, rootId, async (person, rows) => {
    const der = liveDevice(person, serial);
    if (der === undefined) throw new LatchkeyError("device-unknown");
    const reason = lost ? REASON.keyCompromise : REASON.cessationOfOperation;
    const entry = { serial: parseCertificate(context.human, der).serial, at, reason };
    const account = await withList(context, {
      ...person,
      revoked: [...person.revoked, entry],
      devices: person.devices.filter((one) => one.serial !== serial),
      generation: person.generation + (lost ? 1 : 0),
    });
    const touched = await identifiersOf(rows, person, serial);
    const gone = touched.flatMap(({ keys }) => keys.filter((key) => key.serial === serial));
    const revoked = gone.flatMap(({ credentials }) => credentials);
    const identifiers = touched.map((one) => ({
      ...one,
      keys: one.keys.filter((key) => key.serial !== serial),
    }));
    const counts = { identifiers: identifiers.length, credentials: revoked.length };
    const result = { generation: account.generation, ...counts };
    const what = { kind: "human-device-revoked", result, data: { by, lost } };
    return { ...accountChange(context, rows, account, what), identifiers, revoked };
  });
}
