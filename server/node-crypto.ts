import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hash,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { concat, equalBytes } from "../protocol/encoding/bytes.ts";
import { fromHex } from "../protocol/encoding/hex.ts";

/**
 * The y coordinates of the eight points of small order (sign bit cleared), little-endian. OpenSSL
 * accepts them as public keys, noble does not; with one of them a signature fits many messages.
 */
const SMALL_ORDER_Y = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map((hex) => fromHex(hex));

/** p = 2^255 - 19, little-endian: a canonical y is smaller. */
const FIELD_PRIME = fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

const fresh = (buffer: Uint8Array): Uint8Array => new Uint8Array(buffer);

/** @throws RangeError: a programming error */
export function requireLength(bytes: Uint8Array, length: number, name: string): void {
  if (bytes.length !== length)
    throw new RangeError(`${name}: ${length} bytes, not ${bytes.length}`);
}

function aesName(key: Uint8Array, mode: "ecb" | "cbc" | "gcm"): string {
  if (key.length !== 16 && key.length !== 32) throw new RangeError("aes: a key has 16 or 32 bytes");
  return `aes-${key.length * 8}-${mode}`;
}

/** How the y of a point stands to another, its sign bit left out: below 0, 0 or above. */
function compareY(point: Uint8Array, y: Uint8Array): number {
  const top = (point[31]! & 0x7f) - y[31]!;
  if (top !== 0) return top;
  for (let i = 30; i >= 0; i--) if (point[i] !== y[i]) return point[i]! - y[i]!;
  return 0;
}

/** Whether a point is encoded as RFC 8032 §5.1.3 demands and generates the large subgroup. */
export function acceptablePoint(point: Uint8Array): boolean {
  return (
    compareY(point, FIELD_PRIME) < 0 && SMALL_ORDER_Y.every((small) => compareY(point, small) !== 0)
  );
}

type Curve = "Ed25519" | "X25519";

const text = (raw: Uint8Array): string =>
  Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("base64url");

/**
 * Keys come and go as JWK (RFC 8037), which Node gives to OpenSSL as raw bytes: DER goes through
 * decoders, at several times the cost. Of a private key, Node asks for `x` and does not use it.
 */
const privateKey = (crv: Curve, raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: { kty: "OKP", crv, x: "", d: text(raw) }, format: "jwk" });

const publicKey = (crv: Curve, raw: Uint8Array): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv, x: text(raw) }, format: "jwk" });

const rawPublic = (key: KeyObject): Uint8Array =>
  fresh(Buffer.from(key.export({ format: "jwk" }).x!, "base64url"));

interface CachedKey {
  readonly seed: Uint8Array;
  readonly key: KeyObject;
}

/**
 * Expanded signing keys by the identity of the seed's array: the server signs with very few seeds
 * and expanding one costs more than the signature. The content is compared too, so that an array
 * that was overwritten in place cannot bring back an old key.
 */
const expanded = new WeakMap<Uint8Array, CachedKey>();

function signingKey(seed: Uint8Array): KeyObject {
  requireLength(seed, 32, "ed25519 seed");
  const known = expanded.get(seed);
  if (known !== undefined && equalBytes(known.seed, seed)) return known.key;
  const key = privateKey("Ed25519", seed);
  expanded.set(seed, { seed: fresh(seed), key });
  return key;
}

function verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64 || !acceptablePoint(key)) return false;
  try {
    return verify(null, message, publicKey("Ed25519", key), signature);
  } catch {
    return false; // a point that is not on the curve is bad data, not a failure of ours
  }
}

function agree(secret: Uint8Array, peer: Uint8Array): Uint8Array | undefined {
  requireLength(secret, 32, "x25519 private key");
  requireLength(peer, 32, "x25519 public key");
  try {
    const shared = fresh(
      diffieHellman({
        privateKey: privateKey("X25519", secret),
        publicKey: publicKey("X25519", peer),
      }),
    );
    return shared.some((byte) => byte !== 0) ? shared : undefined;
  } catch {
    return undefined; // OpenSSL refuses the all-zero result by throwing (RFC 7748 §6.1)
  }
}

/**
 * A key as Node likes it best: from plain bytes, the making of a cipher or HMAC takes about four
 * times as long (12 µs against 3 where it was measured).
 */
const secretKey = (bytes: Uint8Array): KeyObject => createSecretKey(bytes);

function cbc(encrypt: boolean, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  requireLength(iv, 16, "cbc iv");
  if (data.length % 16 !== 0) throw new RangeError("cbc: the length must be a multiple of 16");
  const name = aesName(key, "cbc");
  const cipher = encrypt
    ? createCipheriv(name, secretKey(key), iv)
    : createDecipheriv(name, secretKey(key), iv);
  cipher.setAutoPadding(false);
  return concat(cipher.update(data), cipher.final());
}

function gcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  requireLength(nonce, 12, "gcm nonce");
  const cipher = createCipheriv(aesName(key, "gcm") as "aes-256-gcm", secretKey(key), nonce);
  cipher.setAAD(aad);
  return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

function gcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  requireLength(nonce, 12, "gcm nonce");
  const name = aesName(key, "gcm") as "aes-256-gcm";
  if (sealed.length < 16) return undefined;
  const end = sealed.length - 16;
  // The tag's length is pinned: GCM would take a tag of 4 bytes, which can be guessed.
  const cipher = createDecipheriv(name, secretKey(key), nonce, { authTagLength: 16 });
  cipher.setAAD(aad);
  cipher.setAuthTag(sealed.subarray(end));
  try {
    return concat(cipher.update(sealed.subarray(0, end)), cipher.final());
  } catch {
    return undefined;
  }
}

/**
 * The primitives by Node's OpenSSL, for the server. Verification is at least as strict as noble's:
 * both refuse non-canonical and small-order keys; OpenSSL checks the equation without the cofactor,
 * so that it also refuses the crafted mixed-order signatures which noble lets through.
 */
export const nodeCrypto: CryptoProvider = Object.freeze({
  name: "node:crypto",
  sha256: (message: Uint8Array) => fresh(hash("sha256", message, "buffer")),
  hmacSha256: (key: Uint8Array, message: Uint8Array) =>
    fresh(createHmac("sha256", secretKey(key)).update(message).digest()),
  aesEncryptBlock: (key: Uint8Array, block: Uint8Array) => {
    requireLength(block, 16, "aes block");
    const cipher = createCipheriv(aesName(key, "ecb"), secretKey(key), null).setAutoPadding(false);
    return concat(cipher.update(block), cipher.final());
  },
  aesCbcEncrypt: (key: Uint8Array, iv: Uint8Array, plain: Uint8Array) => cbc(true, key, iv, plain),
  aesCbcDecrypt: (key: Uint8Array, iv: Uint8Array, data: Uint8Array) => cbc(false, key, iv, data),
  aesGcmSeal: gcmSeal,
  aesGcmOpen: gcmOpen,
  ed25519PublicKey: (seed: Uint8Array) => rawPublic(signingKey(seed)),
  ed25519Sign: (seed: Uint8Array, message: Uint8Array) =>
    fresh(sign(null, message, signingKey(seed))),
  ed25519Verify: verifyEd25519,
  x25519PublicKey: (secret: Uint8Array) => {
    requireLength(secret, 32, "x25519 private key");
    return rawPublic(privateKey("X25519", secret));
  },
  x25519: agree,
});
