import type { SignEs256 } from "../protocol/crypto/p256.ts";
import { P256_PUBLIC_BYTES } from "../protocol/crypto/p256.ts";
import { LatchkeyError } from "../protocol/errors.ts";

type WebKey = InstanceType<typeof CryptoKey>;

/** A pair in the store of the platform, which a script uses and cannot read. */
export interface HumanKeyPair {
  readonly privateKey: WebKey;
  readonly publicKey: WebKey;
}

/** A key of a person's device: for its certificate, or for one verifier (`cnf`). */
export interface HumanKey {
  /** 65 bytes. */
  readonly publicKey: Uint8Array;
  readonly sign: SignEs256;
}

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** A new pair, whose private half never leaves where it was born. @throws key-unsupported */
export async function generateHumanKey(): Promise<HumanKeyPair> {
  try {
    return (await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"])) as HumanKeyPair;
  } catch (cause) {
    throw new LatchkeyError("key-unsupported", { cause });
  }
}

/**
 * The key of a pair that was stored.
 * @throws storage-corrupt when it is none of P-256, or its private half can be read: whoever could
 *   write into the store may have laid it there, and keep a copy
 */
export async function humanKeyOf({ privateKey, publicKey }: HumanKeyPair): Promise<HumanKey> {
  const usable = !privateKey.extractable && privateKey.usages.includes("sign");
  const curve = (privateKey.algorithm as { readonly namedCurve?: string }).namedCurve;
  if (!usable || curve !== CURVE.namedCurve) throw new LatchkeyError("storage-corrupt");
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  if (point.length !== P256_PUBLIC_BYTES) throw new LatchkeyError("storage-corrupt");
  return {
    publicKey: point,
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign(ES256, privateKey, new Uint8Array(message))),
  };
}
