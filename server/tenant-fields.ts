import { toBase64Url } from "../protocol/encoding/base64.ts";
import type { Provisioning } from "./admin.ts";

/** What stands in a node's configuration of its tenant: `comm_key` is a secret in clear. */
export function tenantFields(provisioning: Provisioning) {
  const { tenantId, commKey, commIv, serverKeys, authority } = provisioning;
  return {
    tenant_id: tenantId,
    comm_key: toBase64Url(commKey.bytes),
    comm_iv: toBase64Url(commIv),
    server_keys: serverKeys.map((key) => toBase64Url(key)),
    ...(authority === undefined ? {} : { authority }),
  };
}
