import { Secret } from "../protocol/crypto/secret.ts";
import { fromHex } from "../protocol/encoding/hex.ts";
import { diversifyChipKey } from "../protocol/nfc/an10922.ts";
import type { ServiceContext } from "./context.ts";
import type { Badge } from "./store/records.ts";
import { openTenantKey } from "./tenant-keys.ts";

/**
 * The chip's application keys (NT4H2421Gx §8.2.4): key 1 opens the PICC data and must be one for
 * the tenant, because it is needed before the UID is known; all others are the chip's own.
 */
export const SDM_META_READ_KEY_NO = 1;
export const SDM_FILE_READ_KEY_NO = 2;
const KEY_COUNT = 5;

type KeyContext = Pick<ServiceContext, "records" | "vault" | "crypto">;

/** Key 0, 2, 3 or 4 of a badge's chip, for one use. @throws tenant-unknown */
export async function badgeChipKey(
  context: KeyContext,
  { tenantId, badgeUid, keyGeneration }: Pick<Badge, "tenantId" | "badgeUid" | "keyGeneration">,
  keyNo: 0 | 2 | 3 | 4,
): Promise<Secret> {
  const master = await openTenantKey(context, tenantId, "chip-master");
  const key = diversifyChipKey(
    context.crypto,
    master.bytes,
    fromHex(badgeUid),
    keyNo,
    keyGeneration,
  );
  master.wipe();
  return new Secret(key);
}

/**
 * Keys 0 to 4 for the chip with this UID, to be written to it; 16 bytes each. `generation` counts
 * the sets of keys that this chip has had.
 */
export async function chipKeys(
  context: KeyContext,
  tenantId: string,
  uid: Uint8Array,
  generation = 1,
): Promise<readonly Secret[]> {
  const master = await openTenantKey(context, tenantId, "chip-master");
  const meta = await openTenantKey(context, tenantId, "sdm-meta-read");
  const keys: Secret[] = [];
  for (let keyNo = 0; keyNo < KEY_COUNT; keyNo++) {
    const own = () =>
      new Secret(diversifyChipKey(context.crypto, master.bytes, uid, keyNo, generation));
    keys.push(keyNo === SDM_META_READ_KEY_NO ? meta : own());
  }
  master.wipe();
  return keys;
}
