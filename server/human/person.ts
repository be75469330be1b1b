import type { HumanCrypto } from "../../protocol/crypto/p256.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { verifyDelegation } from "../../protocol/human/delegation.ts";
import type { ServiceContext } from "../context.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { Enrolment, HumanAccount } from "./account.ts";
import type { KeyContext } from "./registry-keys.ts";
import { type AccountChange, type RegistryRows, withRows } from "./registry-rows.ts";

export type RegistryContext = KeyContext &
  Pick<ServiceContext, "clock" | "ephemera"> & { readonly human: HumanCrypto };

/** An account whose root has answered. */
export type Person = HumanAccount & { readonly enrolment: Enrolment };

/** @throws human-unknown */
export function asPerson(account: HumanAccount | undefined): Person {
  if (account?.enrolment === undefined) throw new LatchkeyError("human-unknown");
  return account as Person;
}

/** @throws human-unknown, tenant-unknown */
export async function findPerson(
  context: RegistryContext,
  tenantId: string,
  rootId: string,
): Promise<Person> {
  return asPerson(await withRows(context, tenantId, (rows) => rows.account(rootId)));
}

/** Changes a person's account; see `RegistryRows.change`. @throws human-unknown, tenant-unknown */
export function changePerson<T>(
  context: RegistryContext,
  tenantId: string,
  rootId: string,
  step: (person: Person, rows: RegistryRows) => Promise<AccountChange<T>> | AccountChange<T>,
): Promise<T> {
  return withRows(context, tenantId, (rows) =>
    rows.change(rootId, (known) => step(asPerson(known), rows)),
  );
}

/** A change whose audit entry names the account. */
export function accountChange<T>(
  { clock }: RegistryContext,
  rows: RegistryRows,
  account: HumanAccount,
  { kind, result, data }: { kind: string; result: T; data?: Record<string, string | boolean> },
): AccountChange<T> {
  const named = { account: rows.nameOf("account", account.rootId), ...data };
  return { account, result, entry: { at: unixSeconds(clock), kind, data: named } };
}

/**
 * One whose entry names an identifier, and not the account: the two together would undo in the
 * audit log what is sealed in the rows.
 */
export function identifierChange(
  { clock }: RegistryContext,
  rows: RegistryRows,
  account: HumanAccount,
  { kind, did }: { kind: string; did: string },
): AccountChange<undefined> {
  const data = { identifier: rows.nameOf("identifier", did) };
  return { account, result: undefined, entry: { at: unixSeconds(clock), kind, data } };
}

export const isRevoked = ({ revoked }: HumanAccount, serial: string): boolean =>
  revoked.some((one) => toHex(one.serial) === serial);

/** The certificate of a device that may still speak. */
export function liveDevice(account: HumanAccount, serial: string): Uint8Array | undefined {
  if (isRevoked(account, serial)) return undefined;
  return account.devices.find((one) => one.serial === serial)?.certificate;
}

/** The key of a statement, or none once that is over. */
export function liveKey(human: HumanCrypto, delegation: string, nowUnix: number): Uint8Array[] {
  try {
    return [verifyDelegation(human, delegation, nowUnix).deviceKey];
  } catch {
    return [];
  }
}
