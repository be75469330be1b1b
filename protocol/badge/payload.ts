import { constantTimeEqual } from "../crypto/constant-time.ts";
import { hkdf } from "../crypto/hkdf.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";
import { concat, xor } from "../encoding/bytes.ts";
import { LatchkeyError } from "../errors.ts";

/**
 * The badge payload: the badge's Ed25519 seed, encrypted under a key that is split between the
 * readers (`df1`) and the badge (`df2`), and bound to one chip by its UID.
 *
 *     offset  bytes  field
 *          0      1  version   01
 *          1      1  mode      01 STD, 02 HS
 *          2     16  iv        of AES-256-CBC
 *         18     48  epk       the seed, PKCS#7-padded and encrypted
 *         66     16  tag       over version ‖ mode ‖ iv ‖ epk ‖ UID
 *         82     32  df2       the badge's share of the key
 *        114
 *
 * `STD` opens at every reader of the tenant, `HS` at one reader only. A payload alone is no proof
 * of the chip: it can be copied. What a copy cannot do is in docs/badge.md.
 */
export type BadgeMode = "STD" | "HS";

export const PAYLOAD_LENGTH = 114;

const VERSION = 1;
// Two bits apart, so that no single flipped bit turns one mode into the other.
const MODE_STD = 1;
const MODE_HS = 2;
const IV_AT = 2;
const EPK_AT = 18;
const TAG_AT = 66;
const DF2_AT = 82;
const SEED_LENGTH = 32;
const UID_LENGTH = 7;
/** PKCS#7 of 32 bytes in 16-byte blocks (RFC 5652 §6.3): a whole block of 10h. */
const PADDING = 16;

export interface SealInput {
  readonly mode: BadgeMode;
  /** The badge's Ed25519 seed, 32 bytes. */
  readonly seed: Uint8Array;
  /** The readers' share, 32 bytes, one per tenant. */
  readonly df1: Uint8Array;
  /** The badge's share, 32 random bytes, never used twice. */
  readonly df2: Uint8Array;
  /** 16 random bytes. */
  readonly iv: Uint8Array;
  /** The chip's UID, 7 bytes. */
  readonly uid: Uint8Array;
  /** The one reader's Ed25519 public key, 32 bytes; for HS only. */
  readonly nodePk?: Uint8Array;
}

export interface OpenInput {
  readonly df1: Uint8Array;
  readonly uid: Uint8Array;
  /** The public key of the reader that opens; without it no HS payload opens. */
  readonly nodePk?: Uint8Array;
}

function checkLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length)
    throw new RangeError(`badge: ${name} has ${length} bytes, not ${bytes.length}`);
}

function dataKey(
  crypto: CryptoProvider,
  mode: BadgeMode,
  df1: Uint8Array,
  df2: Uint8Array,
  nodePk: Uint8Array | undefined,
): Uint8Array {
  const joined = xor(df1, df2);
  if (mode === "STD") return joined;
  if (nodePk === undefined) throw new RangeError("badge: HS needs the reader's public key");
  checkLength("nodePk", nodePk, 32);
  const dek = hkdf(crypto, joined, crypto.sha256(nodePk), "latchkey/v1/badge/HS", 32);
  joined.fill(0);
  return dek;
}

/** `head` is version ‖ mode ‖ iv ‖ epk. */
function payloadTag(
  crypto: CryptoProvider,
  dek: Uint8Array,
  head: Uint8Array,
  uid: Uint8Array,
): Uint8Array {
  const key = hkdf(crypto, dek, new Uint8Array(0), "latchkey/v1/badge/mac", 32);
  const tag = crypto.hmacSha256(key, concat(head, uid)).slice(0, DF2_AT - TAG_AT);
  key.fill(0);
  return tag;
}

/** Seals a seed for one chip: 114 bytes. RangeError on wrong lengths. */
export function sealPayload(crypto: CryptoProvider, input: SealInput): Uint8Array {
  const { mode, seed, df1, df2, iv, uid, nodePk } = input;
  checkLength("seed", seed, SEED_LENGTH);
  checkLength("df1", df1, 32);
  checkLength("df2", df2, 32);
  checkLength("iv", iv, 16);
  checkLength("uid", uid, UID_LENGTH);
  const dek = dataKey(crypto, mode, df1, df2, nodePk);
  const plain = new Uint8Array(SEED_LENGTH + PADDING).fill(PADDING);
  plain.set(seed);
  const epk = crypto.aesCbcEncrypt(dek, iv, plain);
  plain.fill(0);
  const head = concat(Uint8Array.of(VERSION, mode === "HS" ? MODE_HS : MODE_STD), iv, epk);
  const tag = payloadTag(crypto, dek, head, uid);
  dek.fill(0);
  return concat(head, tag, df2);
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError("badge-payload-invalid", { message });
}

function modeOf(bytes: Uint8Array): BadgeMode {
  if (bytes.length !== PAYLOAD_LENGTH)
    throw invalid(`a payload has ${PAYLOAD_LENGTH} bytes, not ${bytes.length}`);
  const version = bytes[0]!;
  if (version !== VERSION) throw new LatchkeyError("unsupported-version", { detail: { version } });
  if (bytes[1] === MODE_STD) return "STD";
  if (bytes[1] === MODE_HS) return "HS";
  throw invalid("the payload's mode is neither STD nor HS");
}

function decryptSeed(crypto: CryptoProvider, dek: Uint8Array, bytes: Uint8Array): Secret {
  const iv = bytes.subarray(IV_AT, EPK_AT);
  const plain = crypto.aesCbcDecrypt(dek, iv, bytes.subarray(EPK_AT, TAG_AT));
  const seed = new Secret(plain.slice(0, SEED_LENGTH));
  const padding = new Uint8Array(PADDING).fill(PADDING);
  const padded = constantTimeEqual(plain.subarray(SEED_LENGTH), padding);
  plain.fill(0);
  if (padded) return seed;
  // Only whoever holds the key can get here, so this tells a stranger nothing.
  seed.wipe();
  throw invalid("the payload was sealed wrongly");
}

/**
 * Opens a payload read from the chip with this UID; the caller wipes the seed after use.
 * The tag is checked before anything is decrypted.
 * @throws badge-payload-invalid (damaged, made for another chip, or sealed with another `df1`),
 *   mode-mismatch (an HS payload whose tag does not fit: for another reader, most likely),
 *   unsupported-version
 */
export function openPayload(crypto: CryptoProvider, bytes: Uint8Array, input: OpenInput): Secret {
  const { df1, uid, nodePk } = input;
  checkLength("df1", df1, 32);
  const mode = modeOf(bytes);
  if (uid.length !== UID_LENGTH) throw invalid(`a badge has a 7-byte UID, not ${uid.length}`);
  if (mode === "HS" && nodePk === undefined) throw new LatchkeyError("mode-mismatch");
  const dek = dataKey(crypto, mode, df1, bytes.subarray(DF2_AT), nodePk);
  try {
    const expected = payloadTag(crypto, dek, bytes.subarray(0, TAG_AT), uid);
    if (!constantTimeEqual(expected, bytes.subarray(TAG_AT, DF2_AT)))
      throw mode === "HS" ? new LatchkeyError("mode-mismatch") : invalid("the tag does not fit");
    return decryptSeed(crypto, dek, bytes);
  } finally {
    dek.fill(0);
  }
}

/** The mode that a payload names, unverified: for messages to people only. */
export function payloadMode(bytes: Uint8Array): BadgeMode {
  return modeOf(bytes);
}
