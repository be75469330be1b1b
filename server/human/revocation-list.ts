import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { makeCrl } from "../../protocol/human/x509/crl.ts";
import { unixSeconds } from "../wall-clock.ts";
import {
  accountChange,
  changePerson,
  findPerson,
  type Person,
  type RegistryContext,
} from "./person.ts";

/** A list of revoked devices is in force for a week, and made anew every day. */
const IN_FORCE_SECONDS = 7 * 86_400;
const AGAIN_SECONDS = 86_400;

/** The person with a new list of its revoked devices. */
export async function withList(context: RegistryContext, person: Person): Promise<Person> {
  const { human, clock } = context;
  const { enrolment, revoked, revocationKey } = person;
  const nowUnix = unixSeconds(clock);
  const fields = {
    ...{ revoked, number: enrolment.crlNumber + 1 },
    issuer: parseCertificate(human, enrolment.root).subject,
    publicKey: human.p256PublicKey(revocationKey),
    ...{ thisUpdate: nowUnix, nextUpdate: nowUnix + IN_FORCE_SECONDS },
  };
  const crl = await makeCrl(human, fields, (message) => human.p256Sign(revocationKey, message));
  const list = { crl, crlNumber: fields.number, crlAt: nowUnix };
  return { ...person, enrolment: { ...enrolment, ...list } };
}

/** The list of a person's revoked devices, as DER. @throws human-unknown, tenant-unknown */
export async function revocationList(
  context: RegistryContext,
  tenantId: string,
  rootId: string,
): Promise<Uint8Array> {
  const { enrolment } = await findPerson(context, tenantId, rootId);
  const age = unixSeconds(context.clock) - enrolment.crlAt;
  if (age >= 0 && age < AGAIN_SECONDS) return enrolment.crl;
  return changePerson(context, tenantId, rootId, async (person, rows) => {
    const next = await withList(context, person);
    const what = { kind: "human-list-renewed", result: next.enrolment.crl };
    return accountChange(context, rows, next, what);
  });
}
