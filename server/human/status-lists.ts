import { toBase64 } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { StatusReference } from "../../protocol/human/credential/status-reference.ts";
import { signJws } from "../../protocol/human/jose/compact-jws.ts";
import {
  allocateIndex,
  ENTRIES_MIN,
  STATUS,
  StatusArray,
} from "../../protocol/human/status/bit-array.ts";
import {
  bitstringCredential,
  type StatusPurpose,
} from "../../protocol/human/status/bitstring-status-list.ts";
import type { Compression } from "../../protocol/human/status/compression.ts";
import { signStatusList } from "../../protocol/human/status/token-status-list.ts";
import type { StatusPlace } from "../store/humans.ts";
import { unixSeconds } from "../wall-clock.ts";
import { STATUS_LIST_PATH } from "./paths.ts";
import type { RegistryContext } from "./person.ts";
import type { TenantIssuer } from "./tenant-issuer.ts";

/** Valid, revoked or suspended. */
const BITS = 2;
const TTL_SECONDS = 300;
const LIFETIME_SECONDS = 86_400;
/** Half of each is used; see `allocateIndex`. */
const LISTS_MAX = 1000;

/** Where a tenant's list is published. */
export function statusListUri(host: string, tenantId: string, list: number): string {
  return `https://${host}/${STATUS_LIST_PATH}?tenant_id=${tenantId}&list=${list}`;
}

/** The entry that a reference of ours is about, whatever our host was called when it was made. */
export function ownPlace(
  { uri, index }: StatusReference,
  tenantId: string,
): StatusPlace | undefined {
  const [, path, tenant, list] =
    /^https:\/\/[^/?#]+\/([^?#]+)\?tenant_id=([^&]+)&list=([1-9]\d{0,5})$/.exec(uri) ?? [];
  if (path !== STATUS_LIST_PATH || tenant !== tenantId) return undefined;
  return { list: Number(list), index };
}

/** Takes a free entry, at random, of the first list that has room. @throws registry-full */
export async function allocatePlace(
  { records, random, clock }: RegistryContext,
  tenantId: string,
): Promise<StatusPlace> {
  const entry = { tenantId, at: unixSeconds(clock), kind: "credential-issued" };
  for (let list = 1; list <= LISTS_MAX; list++) {
    const { taken } = await records.statuses(tenantId, list);
    if (taken * 2 >= ENTRIES_MIN) continue;
    for (;;) {
      const place = { list, index: allocateIndex(random, ENTRIES_MIN, new Set()) };
      if (await records.takeStatus(tenantId, place, { ...entry, data: { ...place } })) return place;
    }
  }
  throw new LatchkeyError("registry-full");
}

/** The statuses of a list as they are now. */
async function statusesOf(
  { records }: RegistryContext,
  tenantId: string,
  list: number,
): Promise<StatusArray> {
  const statuses = StatusArray.ofSize(BITS, ENTRIES_MIN);
  for (const { index, value } of (await records.statuses(tenantId, list)).set)
    statuses.set(index, value);
  return statuses;
}

export interface PublishedList {
  readonly tenantId: string;
  readonly list: number;
  /** Where it is asked for. */
  readonly uri: string;
}

/** The list as `statuslist+jwt`. */
export async function statusListToken(
  context: RegistryContext,
  { issuer }: TenantIssuer,
  { tenantId, list, uri }: PublishedList,
  compression: Compression,
): Promise<string> {
  const issuedAt = unixSeconds(context.clock);
  const times = { issuedAt, expiresAt: issuedAt + LIFETIME_SECONDS, ttlSeconds: TTL_SECONDS };
  const statuses = await statusesOf(context, tenantId, list);
  const header = { x5c: issuer.chain.map(toBase64) };
  return signStatusList({ uri, statuses, ...times }, header, issuer.sign, compression);
}

/** The same array for readers of W3C credentials, signed as VC-JOSE-COSE has it (`vc+jwt`). */
export async function bitstringToken(
  context: RegistryContext,
  { issuer }: TenantIssuer,
  { tenantId, list, uri }: PublishedList,
  purpose: StatusPurpose,
  compression: Compression,
): Promise<string> {
  const now = unixSeconds(context.clock);
  const day = (unix: number): string => new Date(unix * 1000).toISOString();
  const about = { id: `${uri}&purpose=${purpose}`, issuer: issuer.id, purpose };
  const credential = bitstringCredential(
    { ...about, validFrom: day(now), validUntil: day(now + LIFETIME_SECONDS) },
    await statusesOf(context, tenantId, list),
    compression,
  );
  const header = { typ: "vc+jwt", x5c: issuer.chain.map(toBase64) };
  return signJws(header, credential, issuer.sign);
}

/** What a reader needs: whether an entry is good now. @throws credential-revoked, -suspended */
export async function checkPlace(
  { records }: Pick<RegistryContext, "records">,
  tenantId: string,
  { list, index }: StatusPlace,
): Promise<void> {
  const { set } = await records.statuses(tenantId, list);
  const value = set.find((one) => one.index === index)?.value ?? STATUS.valid;
  if (value === STATUS.suspended) throw new LatchkeyError("credential-suspended");
  if (value !== STATUS.valid) throw new LatchkeyError("credential-revoked");
}
