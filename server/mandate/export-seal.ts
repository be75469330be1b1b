import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";

/** Under which mandate an export was made; it opens under no other. */
export interface ExportPlace {
  readonly tenantId: string;
  readonly mandateId: string;
}

/** A key serves for one export, so that its nonce may be the same for all. */
const NONCE = Object.freeze({ bytes: 12 });

const placed = ({ tenantId, mandateId }: ExportPlace): Uint8Array =>
  transcript("latchkey/v1/mandate-export", tenantId, mandateId);

/**
 * Seals an export under a key that the server does not keep: whoever registered the mandate has
 * it. So nobody reads the export in the database, in a backup of it or behind the vault's key, and
 * once its row is empty it is gone from all of them.
 */
export function sealExport(
  crypto: CryptoProvider,
  key: Secret,
  place: ExportPlace,
  plain: Uint8Array,
): Uint8Array {
  return crypto.aesGcmSeal(key.bytes, new Uint8Array(NONCE.bytes), placed(place), plain);
}

/** `undefined` when the key or the place is not the one it was sealed with. */
export function openExport(
  crypto: CryptoProvider,
  key: Uint8Array,
  place: ExportPlace,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const secret = new Secret(key);
  try {
    return crypto.aesGcmOpen(secret.bytes, new Uint8Array(NONCE.bytes), placed(place), sealed);
  } finally {
    secret.wipe();
  }
}
