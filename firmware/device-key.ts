import { hkdf } from "../protocol/crypto/hkdf.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import { toUtf8 } from "../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Random, Storage } from "../protocol/platform.ts";
import type { System } from "./platform.ts";

/** Where the half of the key that lies in flash is kept, on a board without one in its chip. */
const FLASH_SECRET_NAME = "device.secret";
const SECRET_BYTES = 32;

export interface DeviceKeyParts {
  readonly crypto: Pick<CryptoProvider, "hmacSha256">;
  readonly random: Random;
  readonly system: Pick<System, "chipId" | "chipSecret">;
  readonly storage: Storage;
}

/**
 * The key under which this board keeps its secrets in flash: made of what is in the chip where it
 * was provisioned with one (OTP), else of a random secret in flash; and of the chip's identifier
 * in both cases, so that flash moved to another board opens nothing there. docs/security.md says
 * what that stops and what not.
 * @throws random-unhealthy, storage-corrupt, storage-full, storage-failed
 */
export function deviceKey({ crypto, random, system, storage }: DeviceKeyParts): Secret {
  const inChip = system.chipSecret?.();
  const secret = inChip ?? flashSecret(storage, random);
  const salt = toUtf8(system.chipId);
  const source = inChip === undefined ? "flash" : "otp";
  const key = hkdf(crypto, secret, salt, `latchkey/v1/device-key/${source}`, 32);
  secret.fill(0);
  return new Secret(key);
}

function flashSecret(storage: Storage, random: Random): Uint8Array {
  const stored = storage.get(FLASH_SECRET_NAME);
  if (stored !== undefined) {
    if (stored.length === SECRET_BYTES) return stored;
    throw new LatchkeyError("storage-corrupt", { detail: { key: FLASH_SECRET_NAME } });
  }
  const fresh = random.bytes(SECRET_BYTES);
  storage.set(FLASH_SECRET_NAME, fresh);
  return fresh;
}
