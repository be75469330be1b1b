import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import type { SignEs256 } from "../../protocol/crypto/p256.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { reduceToScalar, SCALAR_MATERIAL_BYTES } from "../../protocol/human/scalar.ts";
import { systemRandom } from "../../server/system-random.ts";
import type { Context } from "../cli/context.ts";

/** A P-256 key that lies in a file of this computer, readable by its owner only. */
export interface FileKey {
  readonly publicKey: Uint8Array;
  readonly sign: SignEs256;
}

function keyOf(privateKey: Uint8Array): FileKey {
  return {
    publicKey: crypto.p256PublicKey(privateKey),
    sign: (message) => crypto.p256Sign(privateKey, message),
  };
}

/** Reads a key. @throws file-unusable */
export function readKey(context: Context, path: string): FileKey {
  const text = context.readText(path);
  if (text === undefined)
    throw new LatchkeyError("file-unusable", { message: `no key at ${path}` });
  try {
    return keyOf(fromHex(text.trim()));
  } catch {
    // No cause: it might quote the key.
    throw new LatchkeyError("file-unusable", { message: `${path} holds no P-256 key` });
  }
}

/** Makes a key and keeps it at `path`. @throws conflict when there is one already */
export function makeKey(context: Context, path: string): FileKey {
  if (context.exists(path))
    throw new LatchkeyError("conflict", { message: `${path} exists already; it holds a key` });
  const material = systemRandom.bytes(SCALAR_MATERIAL_BYTES);
  const privateKey = reduceToScalar(material);
  material.fill(0);
  context.writeFile(path, `${toHex(privateKey)}\n`, { secret: true });
  return keyOf(privateKey);
}
