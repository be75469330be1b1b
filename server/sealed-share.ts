import { hkdf } from "../protocol/crypto/hkdf.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import type { ServiceContext } from "./context.ts";
import { openTenantKey } from "./tenant-keys.ts";

/**
 * What `df1` is to open badges, for sealed ones: the tenant's share of the payload's key. No reader
 * ever has it. Made from the master of the tenant's chip keys, so that there is no further secret
 * to keep; HMAC-SHA-256 and AES-CMAC under one key have nothing in common.
 */
export async function sealedShare(
  context: Pick<ServiceContext, "records" | "vault" | "crypto">,
  tenantId: string,
): Promise<Secret> {
  const master = await openTenantKey(context, tenantId, "chip-master");
  const info = "latchkey/v1/badge/sealed-share";
  const share = hkdf(context.crypto, master.bytes, new Uint8Array(0), info, 32);
  master.wipe();
  return new Secret(share);
}
