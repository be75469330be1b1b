import type { HumanCrypto, TextWork } from "../../crypto/p256.ts";
import { toBase64Url } from "../../encoding/base64.ts";
import { toUtf8 } from "../../encoding/utf8.ts";
import { LatchkeyError } from "../../errors.ts";
import { type JsonLimits, type JsonValue, parseValue } from "../../json/reader.ts";
import { textIn } from "../jose/compact-jws.ts";

const LIMITS: JsonLimits = Object.freeze({ length: 16 * 1024, depth: 12 });

/** Names that mean something to the format, or to JavaScript, and so are no claim's (§4.1). */
const RESERVED_NAMES: readonly string[] = Object.freeze(["_sd", "...", "_sd_alg", "__proto__"]);

/** What disclosures need of a provider. */
export type Hashes = Pick<HumanCrypto, "sha256"> & TextWork;

/** One claim or one array element that its holder may show or keep back (RFC 9901 §4.2). */
export interface Disclosure {
  /** As it travels. */
  readonly encoded: string;
  /** base64url of SHA-256 over the ASCII of `encoded` (§4.2.3). */
  readonly digest: string;
  /** The claim's name; absent for an array element. */
  readonly name?: string;
  readonly value: JsonValue;
}

export function digestOf(crypto: Hashes, encoded: string): string {
  return crypto.digestText?.(encoded) ?? toBase64Url(crypto.sha256(toUtf8(encoded)));
}

/** @throws claim-name-reserved */
export function checkClaimName(name: string): void {
  if (RESERVED_NAMES.includes(name))
    throw new LatchkeyError("claim-name-reserved", { detail: { name } });
}

/** A new disclosure; `salt` is 16 random bytes (§9.3), used once. */
export function makeDisclosure(
  crypto: Hashes,
  salt: Uint8Array,
  value: JsonValue,
  name?: string,
): Disclosure {
  const parts = name === undefined ? [toBase64Url(salt), value] : [toBase64Url(salt), name, value];
  const encoded = toBase64Url(toUtf8(JSON.stringify(parts)));
  const digest = digestOf(crypto, encoded);
  return name === undefined ? { encoded, digest, value } : { encoded, digest, name, value };
}

function parseParts(crypto: Hashes, encoded: string): JsonValue {
  try {
    return parseValue(textIn(encoded, "disclosure", crypto), "disclosure", LIMITS);
  } catch (cause) {
    throw new LatchkeyError("disclosure-invalid", { cause });
  }
}

/**
 * Reads a disclosure: exactly two or three elements, a salt and, of three, a name that are text.
 * @throws disclosure-invalid, claim-name-reserved
 */
export function parseDisclosure(crypto: Hashes, encoded: string): Disclosure {
  const parts = parseParts(crypto, encoded);
  if (!Array.isArray(parts) || parts.length < 2 || parts.length > 3)
    throw new LatchkeyError("disclosure-invalid");
  const [salt, name] = parts as readonly JsonValue[];
  if (typeof salt !== "string") throw new LatchkeyError("disclosure-invalid");
  const digest = digestOf(crypto, encoded);
  const value = parts.at(-1) as JsonValue;
  if (parts.length === 2) return { encoded, digest, value };
  if (typeof name !== "string") throw new LatchkeyError("disclosure-invalid");
  checkClaimName(name);
  return { encoded, digest, name, value };
}
