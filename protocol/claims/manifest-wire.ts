import { concat, equalBytes, uintBE } from "../encoding/bytes.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { type JsonObject, parseBytes } from "../json/reader.ts";
import { MAX_CANONICAL_DEPTH, MAX_CANONICAL_LENGTH } from "./canonical-json.ts";
import { type RestingWork, withoutRests } from "./inquiry.ts";
import { formOf, typeOfDiscriminant } from "./manifest-form.ts";
import type { SignedManifest } from "./manifest-types.ts";
import { readSignature } from "./verify-claim.ts";

/** The wire form: version, kind, length of the JSON, the JSON, and the signature once more. */
const VERSION = 1;
const HEADER_LENGTH = 6;
/** An envelope around the deepest manifest. */
const LIMITS = Object.freeze({
  length: MAX_CANONICAL_LENGTH,
  depth: MAX_CANONICAL_DEPTH + 1,
});

/** The bytes of a signed manifest. @throws malformed */
export function encodeManifest(signed: SignedManifest): Uint8Array {
  const form = formOf(signed.manifest.type);
  if (form === undefined) throw malformed("manifest.type", "not one of the four kinds");
  const json = toUtf8(JSON.stringify(signed));
  const header = concat(Uint8Array.of(VERSION, form.discriminant), uintBE(json.length, 4));
  return concat(header, json, withoutRests(readSignature(signed.signature, "signature")));
}

function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

/**
 * Takes the bytes apart. They must be exactly what {@link encodeManifest} makes: the reference
 * ignores what follows the JSON, so that its trailer may be cut, or say anything; and JSON has
 * many texts for one value (twice the same name, among others), of which one is taken.
 * Whether the signature fits is not checked here.
 * @throws malformed, unsupported-version
 */
export function decodeManifest(bytes: Uint8Array): SignedManifest {
  return withoutRests(readManifest(bytes));
}

/** {@link decodeManifest} with rests, for a device. @throws malformed, unsupported-version */
export function* readManifest(bytes: Uint8Array): RestingWork<SignedManifest> {
  if (bytes.length < HEADER_LENGTH) throw malformed("wire", "cut short");
  if (bytes[0] !== VERSION)
    throw new LatchkeyError("unsupported-version", {
      message: "it is no signed manifest, or one of a version that is not known here",
    });
  const type = typeOfDiscriminant(bytes[1]!);
  if (type === undefined) throw malformed("wire.type", "not one of the four kinds");
  const end = HEADER_LENGTH + readUint32(bytes, 2);
  if (end > bytes.length || end > LIMITS.length * 3) throw malformed("wire", "cut short");
  const { text, value } = yield* parseBytes(bytes.subarray(HEADER_LENGTH, end), "wire", LIMITS);
  if (JSON.stringify(value) !== text) throw malformed("wire", "not the one text of its JSON");
  const signed = value as unknown as SignedManifest;
  const manifest = (value as JsonObject | null)?.["manifest"];
  if ((manifest as JsonObject | null | undefined)?.["type"] !== type)
    throw malformed("wire.type", "not the type of the manifest");
  if (typeof signed.signature !== "string") throw malformed("signature", "not a string");
  const signature = yield* readSignature(signed.signature, "signature");
  if (!equalBytes(signature, bytes.subarray(end)))
    throw malformed("wire", "the signature behind the manifest is not the one in it");
  return signed;
}
