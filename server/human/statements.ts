import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import {
  checkRegistryStatement,
  parseRegistryStatement,
  STATEMENT_SECONDS,
  statementId,
  type UncheckedStatement,
} from "../../protocol/human/registry-statement.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { unixSeconds } from "../wall-clock.ts";
import { revokeDevice } from "./device-revocation.ts";
import { addDevice } from "./enrolment.ts";
import { delegateKey } from "./identifiers.ts";
import { findPerson, liveDevice, type RegistryContext } from "./person.ts";
import { withRows } from "./registry-rows.ts";
import { revocationList } from "./revocation-list.ts";

/** Statements of one person that are remembered; all of them end within ten minutes. */
const REMEMBERED = 1000;

/** How a person's account is, for the person's own devices. */
export interface AccountState {
  /** To derive identifiers with. */
  readonly generation: number;
  /** Serial numbers of the devices that may speak, and of those that may not. */
  readonly devices: readonly string[];
  readonly revoked: readonly string[];
  /** The list of revoked devices, DER. */
  readonly crl: Uint8Array;
}

/** @throws statement-invalid */
function checkSigned(
  context: RegistryContext,
  tenantId: string,
  statement: UncheckedStatement,
  certificate: Uint8Array,
): void {
  const { publicKey } = parseCertificate(context.human, certificate);
  const nowUnix = unixSeconds(context.clock);
  checkRegistryStatement(context.human, statement, publicKey, { tenantId, nowUnix });
}

/**
 * Each counts once: whoever has overheard one gains nothing by it. Only what is genuine is
 * remembered, so that strangers cannot fill the memory. @throws replay, unavailable
 */
async function countOnce(
  context: RegistryContext,
  tenantId: string,
  statement: UncheckedStatement,
): Promise<void> {
  const owner = await withRows(context, tenantId, async (rows) =>
    rows.nameOf("account", statement.rootId),
  );
  const said = {
    challengeId: statementId(context.human, statement),
    ...{ kind: "statement" as const, tenantId, nodeUid: owner, nonce: new Uint8Array(1) },
    ...{ badgeUid: undefined, ephemeral: undefined },
    expiresAt: statement.issuedAt + STATEMENT_SECONDS + 1,
  };
  try {
    await context.ephemera.putChallenge(said, REMEMBERED);
  } catch (error) {
    throw isLatchkeyError(error, "conflict") ? new LatchkeyError("replay") : error;
  }
}

/** One that a live device of the person has signed just now. @throws statement-invalid, replay */
async function checkOfDevice(
  context: RegistryContext,
  tenantId: string,
  statement: UncheckedStatement,
): Promise<void> {
  const certificate = await withRows(context, tenantId, async (rows) => {
    const account = await rows.account(statement.rootId);
    return account && liveDevice(account, statement.serial);
  });
  // Nobody learns from the answer whether there is such a person.
  if (certificate === undefined) throw new LatchkeyError("statement-invalid");
  checkSigned(context, tenantId, statement, certificate);
  await countOnce(context, tenantId, statement);
}

function isThere(
  context: RegistryContext,
  tenantId: string,
  { rootId, serial }: UncheckedStatement,
  certificate: Uint8Array,
): Promise<boolean> {
  return withRows(context, tenantId, async (rows) => {
    const account = await rows.account(rootId);
    const known = account && liveDevice(account, serial);
    return known !== undefined && equalBytes(known, certificate);
  });
}

/**
 * A device comes in by a certificate of its root, and proves that it has the key. Whether the root
 * is known here hears nobody whom it has not delegated to.
 */
async function join(
  context: RegistryContext,
  tenantId: string,
  statement: UncheckedStatement,
  certificate: Uint8Array,
): Promise<void> {
  const { rootId, serial } = statement;
  try {
    const own = toHex(parseCertificate(context.human, certificate).serial) === serial;
    if (!own) throw new LatchkeyError("certificate-untrusted");
    checkSigned(context, tenantId, statement, certificate);
    // Said again, by whoever has overheard it, it leaves no row either.
    if (await isThere(context, tenantId, statement, certificate)) return;
    await addDevice(context, tenantId, rootId, certificate);
  } catch (error) {
    // What comes after the path was good is for the root's own device to know.
    const told = ["certificate-revoked", "registry-full", "conflict", "tenant-unknown"] as const;
    if (!isLatchkeyError(error) || told.some((code) => code === error.code)) throw error;
    if (error.code === "statement-invalid") throw error;
    throw new LatchkeyError("statement-invalid", { cause: error });
  }
}

/**
 * Does what a device says in a signed statement (`signRegistryStatement`).
 * @throws statement-invalid, replay, delegation-invalid, device-unknown, certificate-revoked,
 *   conflict, registry-full, tenant-unknown
 */
export async function submitStatement(
  context: RegistryContext,
  tenantId: string,
  text: string,
): Promise<void> {
  const statement = parseRegistryStatement(text);
  const { rootId, serial, act } = statement;
  if (act.act === "account") throw new LatchkeyError("statement-invalid");
  if (act.act === "join") {
    await join(context, tenantId, statement, act.certificate);
    return;
  }
  await checkOfDevice(context, tenantId, statement);
  if (act.act === "delegate") {
    await delegateKey(context, tenantId, { rootId, serial, delegation: act.delegation });
    return;
  }
  const by = "a device of the same person";
  await revokeDevice(context, tenantId, rootId, { serial: act.serial, lost: act.lost, by });
}

/** How the account is of the person whose device asks. @throws statement-invalid, replay */
export async function askAccount(
  context: RegistryContext,
  tenantId: string,
  text: string,
): Promise<AccountState> {
  const statement = parseRegistryStatement(text);
  if (statement.act.act !== "account") throw new LatchkeyError("statement-invalid");
  await checkOfDevice(context, tenantId, statement);
  const crl = await revocationList(context, tenantId, statement.rootId);
  const { generation, devices, revoked } = await findPerson(context, tenantId, statement.rootId);
  return {
    ...{ generation, crl, devices: devices.map(({ serial }) => serial) },
    revoked: revoked.map(({ serial }) => toHex(serial)),
  };
}
