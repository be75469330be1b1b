import type { Secret } from "../../crypto/secret.ts";
import type { Sha3 } from "../../crypto/sha3.ts";
import { fromUtf8 } from "../../encoding/utf8.ts";
import { addressesOf } from "../address.ts";
import { toKeyHex } from "../key-hex.ts";
import { formOf, manifestIdOf, typeOfDiscriminant } from "../manifest-form.ts";
import type { Manifest, SignedManifest } from "../manifest-types.ts";
import { wotsVerify } from "../wots.ts";
import { unsafeWotsSign } from "../wots-secret.ts";
import { compatDigest } from "./canonical.ts";
import { type CompatVerifyResult, sentenceOf } from "./claim.ts";
import { compatFromHex } from "./hex.ts";

/** The reference's id: what is missing is the word "undefined". @throws Error for other kinds */
export function compatManifestId(manifest: Manifest, sha3: Sha3): string {
  const form = formOf(manifest.type);
  if (form === undefined)
    throw new Error(`computeManifestId: unknown manifest type: ${JSON.stringify(manifest)}`);
  return manifestIdOf(manifest.type, form, { ...manifest }, sha3);
}

/**
 * The reference's decision on a signed manifest: the author is not tied to the key.
 * @throws Error for an unknown kind whose signature fits
 */
export function compatVerifyManifest(signed: SignedManifest, sha3: Sha3): CompatVerifyResult {
  const { manifest, authorAddress, signerPublicKey, signature } = signed;
  const refused = (reason: string) => ({ valid: false, reason, signerAddress: authorAddress });
  let bytes: readonly [Uint8Array, Uint8Array];
  try {
    bytes = [compatFromHex(signerPublicKey), compatFromHex(signature)];
  } catch (error) {
    return refused(`hex decode failed: ${sentenceOf(error)}`);
  }
  if (!wotsVerify(sha3, bytes[0], compatDigest(sha3, manifest), bytes[1]))
    return refused("WOTS signature invalid");
  const form = formOf(manifest.type);
  if (form === undefined)
    throw new Error(`verifyManifest: unknown manifest type: ${JSON.stringify(manifest)}`);
  const declared = (manifest as unknown as Readonly<Record<string, unknown>>)[form.author];
  if (authorAddress !== declared)
    return refused(
      `authorAddress mismatch: signed by '${authorAddress}' but manifest declares '${declared}'`,
    );
  return { valid: true, signerAddress: authorAddress };
}

/** Signs as the reference does, with a bare index and without a lease: **unsafe**. */
export function unsafeSignManifest(
  manifest: Manifest,
  seed: Secret,
  { keyIndex, signedAt }: { readonly keyIndex: number; readonly signedAt: number },
  sha3: Sha3,
): SignedManifest {
  const digest = compatDigest(sha3, manifest);
  const { publicKey, signature } = unsafeWotsSign(sha3, seed, keyIndex, digest);
  return {
    manifest,
    authorAddress: addressesOf(sha3, publicKey).manifest,
    signerPublicKey: toKeyHex(publicKey),
    signedAt,
    signature: toKeyHex(signature),
  };
}

/** The reference's decoder: what follows the JSON is not looked at. @throws Error */
export function compatDecodeManifest(bytes: Uint8Array): SignedManifest {
  const wrong = (what: string) => new Error(`decodeManifest: ${what}`);
  if (bytes.length < 6) throw wrong("buffer too short (< 6 bytes)");
  if (bytes[0] !== 1) throw wrong(`unsupported MANIFEST_VERSION ${bytes[0]}`);
  const type = typeOfDiscriminant(bytes[1]!);
  if (type === undefined)
    throw wrong(`unknown type discriminant 0x${bytes[1]!.toString(16).padStart(2, "0")}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(2);
  if (bytes.length < 6 + length) throw wrong(`buffer too short for declared JSON length ${length}`);
  let signed: SignedManifest;
  try {
    signed = JSON.parse(fromUtf8(bytes.subarray(6, 6 + length)));
  } catch (error) {
    throw wrong(`invalid JSON payload: ${error}`);
  }
  if (signed.manifest.type !== type)
    throw wrong(`type mismatch: ${type} and ${signed.manifest.type}`);
  return signed;
}
