import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { Secret } from "../../protocol/crypto/secret.ts";
import { fromBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import { parseObject } from "../../protocol/json/reader.ts";

/** What a key file is, and the version of its form. */
const FORMAT = "latchkey/v1/authority-key";
/** RFC 7914. 2^17 with r = 8 takes 128 MiB and about half a second. */
export const SCRYPT_COST = 2 ** 17;
/** A file from elsewhere must neither be cheap to guess nor take the machine's memory. */
const COST_MIN = 2 ** 14;
const COST_MAX = 2 ** 20;
const BLOCK_SIZE = 8;
const SALT_LENGTH = 16;
const NONCE_LENGTH = 12;
const SEED_LENGTH = 32;
const TAG_LENGTH = 16;

/** What stands in the file in the open; the cipher authenticates all of it. */
interface Header {
  readonly format: typeof FORMAT;
  /** Whose key it is, so that files can be told apart. */
  readonly address: string;
  readonly kdf: "scrypt";
  readonly cost: number;
  readonly salt: string;
  readonly nonce: string;
}

/** Typed on another keyboard, the same letters can come as other code points. */
function wrappingKey(passphrase: string, { salt, cost }: Header): Uint8Array {
  const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 256 * cost * BLOCK_SIZE };
  const normal = passphrase.normalize("NFKC");
  return scryptSync(normal, fromBase64(salt, "salt"), 32, options);
}

/** One text for the header, whatever order its members came in. */
function bound({ format, address, kdf, cost, salt, nonce }: Header): Uint8Array {
  return Buffer.from(JSON.stringify([format, address, kdf, cost, salt, nonce]));
}

/** The text of a key file: a seed under a passphrase (scrypt, AES-256-GCM). */
export function wrapSeed(
  seed: Secret,
  passphrase: string,
  { address, cost = SCRYPT_COST }: { readonly address: string; readonly cost?: number },
): string {
  const fresh = (length: number) => toBase64Url(new Uint8Array(randomBytes(length)));
  const salts = { salt: fresh(SALT_LENGTH), nonce: fresh(NONCE_LENGTH) };
  const header: Header = { format: FORMAT, address, kdf: "scrypt", cost, ...salts };
  const key = wrappingKey(passphrase, header);
  const cipher = createCipheriv("aes-256-gcm", key, fromBase64(header.nonce));
  cipher.setAAD(bound(header));
  const sealed = Buffer.concat([cipher.update(seed.bytes), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  return `${JSON.stringify({ ...header, seed: toBase64Url(new Uint8Array(sealed)) }, undefined, 2)}\n`;
}

function readHeader(text: string): { readonly header: Header; readonly sealed: Uint8Array } {
  const json = parseObject(text, "key file");
  const format = json.string("format");
  if (format !== FORMAT)
    throw new LatchkeyError("unsupported-version", { message: `not a key file of ${FORMAT}` });
  const cost = json.uint("cost", { max: COST_MAX });
  if (cost < COST_MIN || !Number.isInteger(Math.log2(cost)))
    throw malformed("cost", `not a power of two from ${COST_MIN} to ${COST_MAX}`);
  const header: Header = {
    ...{ format, cost, address: json.string("address"), kdf: json.oneOf("kdf", ["scrypt"]) },
    salt: toBase64Url(json.bytes("salt", SALT_LENGTH)),
    nonce: toBase64Url(json.bytes("nonce", NONCE_LENGTH)),
  };
  return { header, sealed: json.bytes("seed", SEED_LENGTH + TAG_LENGTH) };
}

/**
 * The seed in a key file, and whose it is.
 * @throws passphrase-wrong, also for a file that was altered; malformed, unsupported-version
 */
export function unwrapSeed(
  text: string,
  passphrase: string,
): { readonly seed: Secret; readonly address: string } {
  const { header, sealed } = readHeader(text);
  const key = wrappingKey(passphrase, header);
  const options = { authTagLength: TAG_LENGTH };
  const cipher = createDecipheriv("aes-256-gcm", key, fromBase64(header.nonce), options);
  cipher.setAAD(bound(header));
  cipher.setAuthTag(sealed.subarray(SEED_LENGTH));
  try {
    const seed = Buffer.concat([cipher.update(sealed.subarray(0, SEED_LENGTH)), cipher.final()]);
    return { seed: new Secret(new Uint8Array(seed)), address: header.address };
  } catch {
    throw new LatchkeyError("passphrase-wrong");
  } finally {
    key.fill(0);
  }
}
