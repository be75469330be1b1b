import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { didDocument, verifyDelegation } from "../../protocol/human/delegation.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { StatusPlace } from "../store/humans.ts";
import { unixSeconds } from "../wall-clock.ts";
import { CREDENTIALS_MAX, IDENTIFIERS_MAX, type IdentifierKey, KEYS_MAX } from "./account.ts";
import {
  changePerson,
  identifierChange,
  liveDevice,
  liveKey,
  type RegistryContext,
} from "./person.ts";
import { withRows } from "./registry-rows.ts";

/**
 * Lets a key of a device speak for an identifier, by the statement of the key that names it.
 * @throws delegation-invalid, conflict when it is another account's, registry-full
 */
export function delegateKey(
  context: RegistryContext,
  tenantId: string,
  { rootId, serial, delegation }: { rootId: string; serial: string; delegation: string },
): Promise<undefined> {
  const nowUnix = unixSeconds(context.clock);
  const { did, deviceKey } = verifyDelegation(context.human, delegation, nowUnix);
  return changePerson(context, tenantId, rootId, async (person, rows) => {
    // Once more: the device may have been revoked since its signature was checked.
    if (liveDevice(person, serial) === undefined) throw new LatchkeyError("statement-invalid");
    const known = (await rows.identifier(did)) ?? { did, rootId, keys: [] };
    if (known.rootId !== rootId) throw new LatchkeyError("conflict");
    // A newer statement about a key takes the older one's place; its credentials stay its own.
    const at = known.keys.findIndex(
      (key) =>
        key.serial === serial &&
        liveKey(context.human, key.delegation, nowUnix).some((one) => equalBytes(one, deviceKey)),
    );
    const { credentials } = known.keys[at] ?? { credentials: [] };
    const one = { serial, delegation, credentials };
    // What is over makes room, but for keys with credentials: those are revoked with their device.
    const isOver = (key: IdentifierKey) =>
      key.credentials.length === 0 && liveKey(context.human, key.delegation, nowUnix).length === 0;
    const isFull = at < 0 && known.keys.length >= KEYS_MAX;
    const others = isFull ? known.keys.filter((key) => !isOver(key)) : known.keys;
    const keys = at < 0 ? [...others, one] : known.keys.with(at, one);
    const all = [...new Set([...person.identifiers, did])];
    if (keys.length > KEYS_MAX || all.length > IDENTIFIERS_MAX)
      throw new LatchkeyError("registry-full");
    const account = { ...person, identifiers: all };
    const what = { kind: "human-delegated", did };
    return { ...identifierChange(context, rows, account, what), identifiers: [{ ...known, keys }] };
  });
}

/**
 * The DID document: the keys of live devices only, and nothing that says whose they are.
 * @throws did-unknown, tenant-unknown
 */
export function resolveDid(
  context: RegistryContext,
  tenantId: string,
  did: string,
): Promise<JsonObject> {
  const { human, clock } = context;
  return withRows(context, tenantId, async (rows) => {
    const identifier = await rows.identifier(did);
    const account = identifier && (await rows.account(identifier.rootId));
    if (account === undefined) throw new LatchkeyError("did-unknown");
    const live = identifier!.keys.filter(({ serial }) => liveDevice(account, serial));
    const nowUnix = unixSeconds(clock);
    return didDocument(
      human,
      did,
      live.flatMap((key) => liveKey(human, key.delegation, nowUnix)),
    );
  });
}

/** Who asks what an identifier hides, and why; both stay in the audit log. */
export interface LookUp {
  readonly by: string;
  readonly purpose: string;
}

/**
 * Whose identifier it is: the root's. The question is in the audit log before the answer is out.
 * @throws did-unknown, tenant-unknown
 */
export function lookUpRoot(
  context: RegistryContext,
  tenantId: string,
  did: string,
  { by, purpose }: LookUp,
): Promise<string> {
  const at = unixSeconds(context.clock);
  return withRows(context, tenantId, async (rows) => {
    const data = { identifier: rows.nameOf("identifier", did), by, purpose };
    await context.records.audit({ tenantId, at, kind: "human-looked-up", data });
    const identifier = await rows.identifier(did);
    if (identifier === undefined) throw new LatchkeyError("did-unknown");
    return identifier.rootId;
  });
}

/**
 * Notes that a credential is bound to a key, so that it goes when the key's device goes. Whose it
 * is was asked internally for that, which the audit log says.
 * @throws did-unknown when that key does not speak for the identifier; registry-full
 */
export async function noteCredential(
  context: RegistryContext,
  tenantId: string,
  { did, holderKey }: { readonly did: string; readonly holderKey: Uint8Array },
  place: StatusPlace,
): Promise<void> {
  const { human, clock } = context;
  const rootId = await lookUpRoot(context, tenantId, did, { by: "issuer", purpose: "credential" });
  await changePerson(context, tenantId, rootId, async (person, rows) => {
    const identifier = (await rows.identifier(did))!;
    const at = identifier.keys.findIndex(({ serial, delegation }) => {
      const keys = liveKey(human, delegation, unixSeconds(clock));
      return liveDevice(person, serial) && keys.some((key) => equalBytes(key, holderKey));
    });
    const key = identifier.keys[at];
    if (key === undefined) throw new LatchkeyError("did-unknown");
    if (key.credentials.length >= CREDENTIALS_MAX) throw new LatchkeyError("registry-full");
    const noted = { ...key, credentials: [...key.credentials, place] };
    const identifiers = [{ ...identifier, keys: identifier.keys.with(at, noted) }];
    const what = { kind: "human-credential-noted", did };
    return { ...identifierChange(context, rows, person, what), identifiers };
  });
}
